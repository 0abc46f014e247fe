import { EdgeError } from '../errors.ts';
import { wrapAwsError } from './aws-error.ts';
import type { Aws } from './clients.ts';

const arnPattern = /^arn:aws:cloudfront::\d{12}:key-value-store\/[0-9a-f-]{36}$/;

/**
 * ARN of the key-value store: the value of EDGE_KVS_ARN when given, else looked up by name with one call to the control plane.
 * NOT_FOUND when there is no such store; NOT_READY while it is still being made.
 */
export async function findKeyValueStoreArn(aws: Aws, name: string, given: string | undefined): Promise<string> {
  if (given !== undefined && given !== '') {
    if (arnPattern.test(given)) return given;
    throw new EdgeError('USAGE', `EDGE_KVS_ARN must be the ARN of a key-value store, found ${JSON.stringify(given)}`, {
      hint: 'arn:aws:cloudfront::<account>:key-value-store/<id>, or unset it: the store is then found by its name',
    });
  }
  const [client, { DescribeKeyValueStoreCommand, EntityNotFound }] = await Promise.all([
    aws.cloudFront(),
    import('@aws-sdk/client-cloudfront'),
  ]);
  try {
    const { KeyValueStore } = await client.send(new DescribeKeyValueStoreCommand({ Name: name }));
    if (KeyValueStore?.ARN === undefined) throw new EdgeError('AWS', `CloudFront describes key-value store ${name} without its ARN`);
    // The value of the status is not documented as a list; READY and PROVISIONING have been seen.
    if (/PROVISIONING/i.test(KeyValueStore.Status ?? ''))
      throw new EdgeError('NOT_READY', `key-value store ${name} is still being made`, { hint: 'it takes about half a minute' });
    return KeyValueStore.ARN;
  } catch (error) {
    if (error instanceof EntityNotFound)
      throw new EdgeError('NOT_FOUND', `no key-value store is called ${name} in this account`, {
        hint: 'create it with `npm run kvs:apply`, or set keyValueStoreName in edge.config.ts',
        cause: error,
      });
    throw wrapAwsError(error, `find key-value store ${name}`);
  }
}
