import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { EdgeError } from '../errors.ts';
import { parseRecord } from '../text/is-record.ts';
import { wrapAwsError } from './aws-error.ts';

/**
 * The current values of a secret in Secrets Manager whose text is a JSON object of strings; CONFIG_INVALID for anything
 * else. No error contains a value.
 */
export async function readSecretValues(client: () => Promise<SecretsManagerClient>, arn: string): Promise<Record<string, string>> {
  let text: string | undefined;
  try {
    const [{ GetSecretValueCommand }, secrets] = await Promise.all([import('@aws-sdk/client-secrets-manager'), client()]);
    text = (await secrets.send(new GetSecretValueCommand({ SecretId: arn }))).SecretString;
  } catch (error) {
    throw wrapAwsError(error, `read the secret ${arn}`);
  }
  const values = parseRecord(text ?? '');
  if (values !== undefined && Object.values(values).every((value) => typeof value === 'string')) return values as Record<string, string>;
  throw new EdgeError('CONFIG_INVALID', `the secret ${arn} must be a JSON object whose values are strings`, {
    hint: 'such as {"ORIGIN_VERIFY_SECRET":"…"}',
  });
}
