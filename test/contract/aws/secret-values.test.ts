import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSecretValues } from '../../../src/aws/secret-values.ts';
import { type AwsStub, openAwsStub } from './open-aws-stub.ts';

const arn = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:edge-AbCdEf';
let stub: AwsStub;

beforeAll(async () => {
  stub = await openAwsStub();
});
afterAll(() => stub.close());

const answer = (body: object, status = 200) =>
  stub.answer(() => ({ status, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: JSON.stringify(body) }));
const read = () => readSecretValues(stub.aws.secretsManager, arn);

describe('a secret of the flipper', () => {
  it('is a JSON object of strings', async () => {
    answer({ ARN: arn, SecretString: '{"ORIGIN_VERIFY_SECRET":"a","FLIPPER_WEBHOOK_URL":"https://x"}' });
    expect(await read()).toEqual({ ORIGIN_VERIFY_SECRET: 'a', FLIPPER_WEBHOOK_URL: 'https://x' });
  });

  it.each([
    { when: 'a text', secret: 'hunter2' },
    { when: 'a list', secret: '["hunter2"]' },
    { when: 'an object with a number', secret: '{"A":"hunter2","B":1}' },
    { when: 'binary', secret: undefined },
  ])('is refused without its content when it is $when', async ({ secret }) => {
    answer({ ARN: arn, SecretString: secret });
    const error = await read().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(arn) });
    expect(JSON.stringify(error)).not.toContain('hunter2');
  });

  it('that may not be read is said to be so', async () => {
    answer({ __type: 'AccessDeniedException', Message: 'no' }, 400);
    expect(await read().catch((thrown: unknown) => thrown)).toMatchObject({ code: 'ACCESS_DENIED' });
  });
});
