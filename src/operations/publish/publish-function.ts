import { createHash } from 'node:crypto';
import type { CloudFrontClient } from '@aws-sdk/client-cloudfront';
import { defaultMaxUtilization } from '../../../kvs/limits.ts';
import {
  createFunction,
  describeFunction,
  type FunctionVersion,
  publishFunction as publishStage,
  readFunctionCode,
  testFunction,
  updateFunction,
} from '../../aws/function.ts';
import { EdgeError } from '../../cli/errors.ts';
import type { EdgeConfig } from '../../config/edge-config.ts';
import { checkFixture } from './check-fixture.ts';
import { type ProvenFunction, proveFunction } from './prove-function.ts';
import { type Fixture, readFixtures } from './read-fixtures.ts';

/** What publishing works with. */
export interface PublishTools {
  cloudFront: CloudFrontClient;
  /** Of the store that the function reads. It must be READY. */
  keyValueStoreArn: string;
  config: EdgeConfig;
  /** See `findNjs`. */
  njs: string | undefined;
  /** Default: those of test/fixtures/events. */
  fixtures?: readonly Fixture[];
  /** One line per step, as it ends. */
  log?: (line: string) => void;
  /** Epoch milliseconds; default the clock. */
  now?: () => number;
}

export interface PublishOptions {
  /** Percent of the allowed compute that a fixture may take; default 60. */
  maxUtilization?: number;
}

export interface PublishResult {
  outcome: 'published' | 'unchanged';
  name: string;
  arn: string;
  bytes: number;
  /** SHA-256 of what is LIVE, hex. */
  sha256: string;
}

/** Builds the function, proves it and makes it LIVE; nothing is written when LIVE is the same already. */
export async function publishFunction(tools: PublishTools, options: PublishOptions = {}): Promise<PublishResult> {
  const { cloudFront, config, njs, keyValueStoreArn, now = Date.now, log = () => undefined } = tools;
  const name = config.functionName;
  const step = async <T>(title: string, act: () => Promise<T>, tell: (result: T) => string): Promise<T> => {
    const startedAt = now();
    const result = await act();
    log(`${title.padEnd(9)} ${tell(result)} (${now() - startedAt} ms)`);
    return result;
  };

  const built = await step('build', () => proveFunction({ config, njs }), describeBuilt);
  const live = await step('compare', () => readLive(cloudFront, name), describeLive);
  if (live?.sha256 === built.sha256 && live.version.keyValueStoreArn === keyValueStoreArn)
    return { outcome: 'unchanged', name, arn: live.version.arn, bytes: built.bytes, sha256: built.sha256 };

  const fixtures = tools.fixtures ?? (await readFixtures());
  const source = { name, code: Buffer.from(built.code), comment: `sha256 ${built.sha256.slice(0, 16)}`, keyValueStoreArn };
  const development = await step(
    'upload',
    () => upload(cloudFront, source),
    ({ etag }) => `DEVELOPMENT is ${etag}`,
  );
  const maxUtilization = options.maxUtilization ?? defaultMaxUtilization;
  const ceiling = { fixtures, maxUtilization };
  await step(
    'test',
    () => testAll(cloudFront, name, development.etag, ceiling),
    (peak) => `${fixtures.length} fixtures, utilization at most ${peak}`,
  );
  await step(
    'publish',
    () => publishStage(cloudFront, name, development.etag),
    () => 'DEVELOPMENT is LIVE',
  );
  const after = await step('verify', () => readLive(cloudFront, name), describeLive);
  if (after?.sha256 !== built.sha256)
    throw new EdgeError('CONFLICT', `LIVE is not what was published: ${after?.sha256 ?? 'there is none'} in place of ${built.sha256}`, {
      hint: 'somebody else published at the same time: look at what they did, then run it again',
    });
  return { outcome: 'published', name, arn: after.version.arn, bytes: built.bytes, sha256: built.sha256 };
}

async function readLive(client: CloudFrontClient, name: string): Promise<{ version: FunctionVersion; sha256: string } | undefined> {
  const [version, code] = await Promise.all([describeFunction(client, name, 'LIVE'), readFunctionCode(client, name, 'LIVE')]);
  if (version === undefined || code === undefined) return undefined;
  return { version, sha256: createHash('sha256').update(code).digest('hex') };
}

async function upload(client: CloudFrontClient, source: Parameters<typeof createFunction>[1]): Promise<FunctionVersion> {
  const existing = await describeFunction(client, source.name, 'DEVELOPMENT');
  return existing === undefined ? createFunction(client, source) : updateFunction(client, source, existing.etag);
}

/** The highest utilization of all fixtures. TEST_FAILED lists what differs, fixture by fixture. */
async function testAll(
  client: CloudFrontClient,
  name: string,
  etag: string,
  { fixtures, maxUtilization }: { fixtures: readonly Fixture[]; maxUtilization: number },
): Promise<number> {
  const problems: string[] = [];
  let peak = 0;
  for (const fixture of fixtures) {
    const test = await testFunction(client, name, { stage: 'DEVELOPMENT', etag, event: fixture.event });
    problems.push(...checkFixture(fixture, test).map((problem) => `${fixture.name}: ${problem}`));
    if (test.utilization > maxUtilization) problems.push(`${fixture.name}: utilization ${test.utilization} % is above ${maxUtilization} %`);
    peak = Math.max(peak, test.utilization);
  }
  if (problems.length === 0) return peak;
  throw new EdgeError('TEST_FAILED', problems.join('\n'), { hint: 'LIVE is unchanged; DEVELOPMENT holds the code that failed' });
}

function describeBuilt({ bytes, sha256, njs }: ProvenFunction): string {
  return `${bytes} bytes, ${sha256.slice(0, 12)}, gate passed, njs ${njs}`;
}

function describeLive(live: { sha256: string } | undefined): string {
  return live === undefined ? 'nothing is LIVE' : `LIVE is ${live.sha256.slice(0, 12)}`;
}
