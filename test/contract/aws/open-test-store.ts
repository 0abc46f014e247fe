import { CreateKeyValueStoreCommand, DescribeKeyValueStoreCommand } from '@aws-sdk/client-cloudfront';
import { type ControlPlane, openControlPlane } from '../../../local/aws/control-plane.ts';
import { type Aws, openAws } from '../../../src/aws/clients.ts';
import { openKeyValueStore } from '../../../src/aws/key-value-store.ts';
import type { FlagStore } from '../../../src/core/flag-store.ts';

export interface TestStore {
  control: ControlPlane;
  aws: Aws;
  arn: string;
  store: FlagStore;
  /** What the store holds, read past the API. */
  values(): ReadonlyMap<string, string>;
  close(): Promise<void>;
}

/** A local AWS account with one empty key-value store, `edge-health`, reached with the real SDK. */
export async function openTestStore(): Promise<TestStore> {
  const control = await openControlPlane({ provisionMs: 1 });
  const aws = openAws({ env: {}, local: { controlPlane: control.url } });
  const arn = await createStore(aws, 'edge-health');
  return {
    control,
    aws,
    arn,
    store: openKeyValueStore(await aws.keyValueStore(), arn, { sleep: async () => undefined }),
    values: () => control.published.store(arn) ?? new Map(),
    close: () => control.close(),
  };
}

async function createStore(aws: Aws, name: string): Promise<string> {
  const client = await aws.cloudFront();
  await client.send(new CreateKeyValueStoreCommand({ Name: name }));
  for (;;) {
    const { KeyValueStore } = await client.send(new DescribeKeyValueStoreCommand({ Name: name }));
    if (KeyValueStore?.ARN !== undefined && KeyValueStore.Status === 'READY') return KeyValueStore.ARN;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
