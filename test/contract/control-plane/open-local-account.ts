import '@aws-sdk/signature-v4-crt';
import { Agent } from 'node:http';
import {
  CloudFrontClient,
  CreateFunctionCommand,
  CreateKeyValueStoreCommand,
  DescribeKeyValueStoreCommand,
  type DistributionConfig,
  PublishFunctionCommand,
} from '@aws-sdk/client-cloudfront';
import {
  CloudFrontKeyValueStoreClient,
  DescribeKeyValueStoreCommand as DescribeStoreDataCommand,
} from '@aws-sdk/client-cloudfront-keyvaluestore';
import { type ControlPlane, type ControlPlaneOptions, openControlPlane } from '../../../local/aws/control-plane.ts';
import { completeDistribution } from '../../../src/config/complete-distribution.ts';

export interface LocalAccount {
  cloud: ControlPlane;
  cloudfront: CloudFrontClient;
  keyValueStore: CloudFrontKeyValueStoreClient;
  close(): Promise<void>;
}

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example' };

/** A control plane of its own and the SDK's own clients for it; retries are off, so that every answer is seen. */
export async function openLocalAccount(options: ControlPlaneOptions = {}): Promise<LocalAccount> {
  const cloud = await openControlPlane({ provisionMs: 5, deployMs: 5, ...options });
  const common = { region: 'us-east-1', credentials, endpoint: cloud.url, maxAttempts: 1 };
  const cloudfront = new CloudFrontClient(common);
  // The client puts the account id before the host; `111122223333.localhost` resolves on no machine.
  const lookup = (_host: string, lookupOptions: { all?: boolean }, done: (error: null, address: unknown, family?: number) => void) =>
    lookupOptions.all === true ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);
  const httpAgent = new Agent({ keepAlive: true, lookup } as ConstructorParameters<typeof Agent>[0]);
  const keyValueStore = new CloudFrontKeyValueStoreClient({ ...common, requestHandler: { httpAgent } });
  return {
    cloud,
    cloudfront,
    keyValueStore,
    async close() {
      cloudfront.destroy();
      keyValueStore.destroy();
      httpAgent.destroy();
      await cloud.close();
    },
  };
}

/** A store that is READY. */
export async function createReadyStore(account: LocalAccount, name = 'flags'): Promise<{ name: string; arn: string; etag: string }> {
  const created = await account.cloudfront.send(new CreateKeyValueStoreCommand({ Name: name }));
  const arn = created.KeyValueStore?.ARN ?? '';
  await until(async () => {
    const store = await account.cloudfront.send(new DescribeKeyValueStoreCommand({ Name: name }));
    return store.KeyValueStore?.Status === 'READY';
  });
  return { name, arn, etag: created.ETag ?? '' };
}

/** The ETag that writes of keys need. */
export async function dataEtag(account: LocalAccount, arn: string): Promise<string> {
  const described = await account.keyValueStore.send(new DescribeStoreDataCommand({ KvsARN: arn }));
  return described.ETag ?? '';
}

export const functionCode = 'function handler(event) { return event.request; }';

/** A function in DEVELOPMENT; its ARN and ETag. */
export async function createFunction(account: LocalAccount, name = 'origin-router', storeArn?: string) {
  const created = await account.cloudfront.send(
    new CreateFunctionCommand({
      Name: name,
      FunctionConfig: {
        Comment: '',
        Runtime: 'cloudfront-js-2.0',
        ...(storeArn !== undefined && { KeyValueStoreAssociations: { Quantity: 1, Items: [{ KeyValueStoreARN: storeArn }] } }),
      },
      FunctionCode: Buffer.from(functionCode),
    }),
  );
  return { name, arn: created.FunctionSummary?.FunctionMetadata?.FunctionARN ?? '', etag: created.ETag ?? '' };
}

/** A function that is LIVE. */
export async function createLiveFunction(account: LocalAccount, name = 'origin-router', storeArn?: string) {
  const created = await createFunction(account, name, storeArn);
  await account.cloudfront.send(new PublishFunctionCommand({ Name: name, IfMatch: created.etag }));
  return created;
}

const cachingDisabled = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad';

/** The least config CloudFront accepts, with two origins. */
export function distributionConfig(): DistributionConfig {
  const origin = (Id: string) => ({
    Id,
    DomainName: `${Id}.example.com`,
    CustomOriginConfig: { HTTPPort: 80, HTTPSPort: 443, OriginProtocolPolicy: 'https-only' as const },
  });
  return {
    CallerReference: 'test',
    Comment: '',
    Enabled: true,
    Origins: { Quantity: 2, Items: [origin('singapore'), origin('europe')] },
    DefaultCacheBehavior: { TargetOriginId: 'singapore', ViewerProtocolPolicy: 'redirect-to-https', CachePolicyId: cachingDisabled },
  };
}

/** The same with every field that an update needs. */
export const completeConfig = (): DistributionConfig => completeDistribution(distributionConfig());

/** What a refused call says: the code as the SDK names it, and the HTTP status. */
export async function refusalOf(call: Promise<unknown>): Promise<{ code: string; status: number | undefined; message: string }> {
  try {
    await call;
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
    return { code: name, status: $metadata?.httpStatusCode, message };
  }
  throw new Error('the call was not refused');
}

export async function until(condition: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not so within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
