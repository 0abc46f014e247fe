import { stripVTControlCharacters } from 'node:util';
import {
  type CloudFrontClient,
  CreateFunctionCommand,
  type DistributionConfig,
  GetDistributionCommand,
  PublishFunctionCommand,
  UpdateDistributionCommand,
} from '@aws-sdk/client-cloudfront';
import { type ControlPlane, openControlPlane } from '../../../local/aws/control-plane.ts';
import type { WriteOptions } from '../../../scripts/distribution/write.ts';
import { openAws } from '../../../src/aws/clients.ts';
import { openIo } from '../../../src/cli/io.ts';
import { completeDistribution } from '../../../src/config/complete-distribution.ts';
import { readDistribution } from '../../../src/config/distribution-file.ts';
import { applyDistribution, type DistributionTarget } from '../../../src/distribution/distribution.ts';
import { fakeHost } from '../../unit/cli/fake-host.ts';

const accountId = '111122223333';

export const placeholders = {
  AWS_ACCOUNT_ID: accountId,
  VIEWER_DOMAIN: 'www.example.com',
  ACM_CERTIFICATE_ARN: `arn:aws:acm:us-east-1:${accountId}:certificate/1`,
  ORIGIN_VERIFY_SECRET: 'openSesame0123456789ABCDEFGHIJKLMN',
  SINGAPORE_DOMAIN: 'singapore.example.com',
  EUROPE_DOMAIN: 'europe.example.com',
};

/** distribution.json with another value here and there. */
export const readFile = (env: Partial<typeof placeholders> = {}) =>
  readDistribution('test/fixtures/sample/distribution.json', { ...placeholders, ...env });

export interface TestDistribution {
  cloud: ControlPlane;
  client: CloudFrontClient;
  file: DistributionConfig;
  /** What the account holds now. */
  read(id: string): Promise<{ etag: string; config: DistributionConfig; status: string }>;
  /** Changes the live config as an operator in the console would. */
  edit(id: string, change: (config: DistributionConfig) => Partial<DistributionConfig>): Promise<void>;
  /** Makes a function of this name LIVE. */
  publish(name: string): Promise<void>;
  /** Operations that change something, in their order. */
  writes(): string[];
  close(): Promise<void>;
}

/** A local account in which the router is LIVE, and distribution.json; no distribution yet. */
export async function openTestDistribution(deployMs = 5): Promise<TestDistribution> {
  const cloud = await openControlPlane({ accountId, deployMs });
  const client = await openAws({ env: {}, local: { controlPlane: cloud.url } }).cloudFront();
  const publish = async (Name: string) => {
    const { ETag } = await client.send(
      new CreateFunctionCommand({
        Name,
        FunctionConfig: { Comment: '', Runtime: 'cloudfront-js-2.0' },
        FunctionCode: Buffer.from('function handler(event) { return event.request; }'),
      }),
    );
    await client.send(new PublishFunctionCommand({ Name, IfMatch: ETag }));
  };
  await publish('origin-router');
  cloud.calls.length = 0;
  const read: TestDistribution['read'] = async (Id) => {
    const { Distribution, ETag: etag = '' } = await client.send(new GetDistributionCommand({ Id }));
    return { etag, config: Distribution?.DistributionConfig as DistributionConfig, status: Distribution?.Status ?? '' };
  };
  return {
    cloud,
    client,
    file: await readFile(),
    read,
    publish,
    async edit(Id, change) {
      const { config, etag } = await read(Id);
      const changed = completeDistribution({ ...config, ...change(config) });
      await client.send(new UpdateDistributionCommand({ Id, IfMatch: etag, DistributionConfig: changed }));
    },
    writes: () => cloud.calls.map(({ operation }) => operation).filter((operation) => /^(Create|Update|Copy|Delete)/.test(operation)),
    close: () => cloud.close(),
  };
}

/** Creates the distribution of the file, deployed, and forgets the calls that took. */
export async function createApplied({ cloud, client, file }: TestDistribution): Promise<string> {
  const distribution = await applyDistribution({ client, file });
  cloud.calls.length = 0;
  return distribution.id;
}

interface Given {
  drop?: string[];
  id?: string;
  file?: DistributionConfig;
  /** What a person at the terminal answers; without it there is no person. */
  terminal?: string;
  options?: Partial<WriteOptions>;
}

/** Runs one command as its script does, but in this process. */
export async function runCommand(
  { client, file }: TestDistribution,
  command: (target: DistributionTarget, options: WriteOptions, io: ReturnType<typeof openIo>) => Promise<number>,
  given: Given = {},
) {
  const host = fakeHost([], { terminal: given.terminal !== undefined });
  if (given.terminal !== undefined) host.stdin.push(`${given.terminal}\n`);
  const io = { ...openIo(host, given.terminal === undefined, new AbortController().signal), now: Date.now };
  const target = { client, file: given.file ?? file, id: given.id, drop: given.drop ?? [] };
  const options = { isLocal: false, yes: given.terminal === undefined, noWait: false, waitMs: 5_000, ...given.options };
  const code = await command(target, options, io).catch((error: unknown) => error);
  return {
    code,
    err: stripVTControlCharacters(host.err()),
    result: host.out() === '' || given.terminal !== undefined ? undefined : JSON.parse(host.out()),
  };
}
