import type { ServiceOutput } from '../aws/call-service.ts';
import { poll } from '../aws/retry.ts';
import { EdgeError } from '../errors.ts';
import { isRecord } from '../text/is-record.ts';
import type { BoundedCall } from './budget.ts';
import type { ConformanceCase } from './conformance-case.ts';
import type { Journal } from './journal.ts';
import type { ConformanceTarget, ThrowAwayDistribution } from './target.ts';
import { afterFunctionCode, edgeFunctionCode, originSource, smallDistribution, throwAwayDistribution } from './throw-away-config.ts';

/** One change and what the edge answered after it. */
export interface WriteRound {
  /** Until the new value was first seen; undefined when it never was. */
  firstMs: number | undefined;
  /** Answers with an older value after the first new one. */
  old: number;
  missing: number;
  samples: number;
}

/** What the kit made to ask its cases of. All of it has the run's name, and goes at the end. */
export interface ThrowAway {
  run: string;
  /** For the texts of cases: `{run}`, `{storeArn}`. */
  values: Record<string, string>;
  tags: { Items: { Key: string; Value: string }[] };
  /** Never published: TestFunction runs it. */
  runtimeFunction: { name: string; storeArn: string; etag?: unknown };
  edgeFunction: { Name: string; FunctionConfig: object };
  edgeCases: readonly ConformanceCase[];
  /** A config for distributions that AWS should refuse. */
  smallConfig(): Record<string, unknown>;
  distribution?: ThrowAwayDistribution;
  deployedAfterMs?: number;
  /** Filled by the first case that measures writes. */
  rounds?: Promise<readonly WriteRound[]>;
}

/** The tag's key; its value is the run. */
export const tagKey = 'edge-conformance';

export interface MakeOptions {
  run: string;
  target: ConformanceTarget;
  call: BoundedCall;
  journal: Journal;
  cases: readonly ConformanceCase[];
  /** An existing role for the two Lambda functions; otherwise one without rights is made. */
  roleArn?: string | undefined;
  signal: AbortSignal;
  /** One line for each unfinished check of the deployment. */
  progress: (line: string) => void;
}

const runtime = 'cloudfront-js-2.0';
const passThrough = 'function handler(event) { return event.request; }';

/** Makes the store and the functions, which cost nothing while they exist. */
export async function makeStoreAndFunctions(options: MakeOptions): Promise<ThrowAway> {
  const { run, target, cases, call } = options;
  const storeArn = await makeStore(options);
  const FunctionConfig = {
    Comment: '',
    Runtime: runtime,
    KeyValueStoreAssociations: { Quantity: 1, Items: [{ KeyValueStoreARN: storeArn }] },
  };
  const tags = { Items: [{ Key: tagKey, Value: run }] };
  const edgeCases = cases.filter(({ ask }) => ask.kind === 'edge');
  const values: Record<string, string> = { run, account: target.accountId, storeArn, event: '', nonce: run };
  const make = async (name: string, config: object, code: string): Promise<string> => {
    const Name = `${run}-${name}`;
    await options.journal.creating('function', Name);
    const made = await call('cloudfront', 'CreateFunction', { Name, FunctionConfig: config, FunctionCode: Buffer.from(code), Tags: tags });
    return textAt(made, 'FunctionSummary', 'FunctionMetadata', 'FunctionARN');
  };
  await make('cp', { Comment: '', Runtime: runtime }, passThrough);
  await make('rt', FunctionConfig, passThrough);
  values['edgeArn'] = await make('edge', FunctionConfig, passThrough);
  values['afterArn'] = await make('after', { Comment: '', Runtime: runtime }, afterFunctionCode);
  await publish(`${run}-edge`, call);
  return {
    run,
    values,
    tags,
    runtimeFunction: { name: `${run}-rt`, storeArn },
    edgeFunction: { Name: `${run}-edge`, FunctionConfig },
    edgeCases,
    smallConfig: () => smallDistribution(run, crypto.randomUUID()),
  };
}

async function makeStore({ run, call, journal, target, signal }: MakeOptions): Promise<string> {
  const Name = `${run}-store`;
  await journal.creating('store', Name);
  await call('cloudfront', 'CreateKeyValueStore', { Name, Comment: 'conformance, may be deleted' });
  const arn = await poll(
    async () => {
      const described = await call('cloudfront', 'DescribeKeyValueStore', { Name });
      const status = textAt(described, 'KeyValueStore', 'Status');
      return status === 'READY' ? { done: textAt(described, 'KeyValueStore', 'ARN') } : { waiting: `the store ${Name} is ${status}` };
    },
    target.pace.pollMs,
    { timeoutMs: target.pace.deployMs, signal, sleep: pause(target), now: target.now },
  );
  // The credentials may have become those of another account since they were checked.
  if (arn.split(':')[4] !== target.accountId)
    throw new EdgeError('CREDENTIALS', `the store ${Name} was created in account ${arn.split(':')[4]}, not in ${target.accountId}`);
  const Puts = [
    { Key: 'steady', Value: 'here' },
    { Key: 'json', Value: '{"a":1}' },
    { Key: 'marker', Value: 'v0' },
  ];
  // The first update of a new store can be acknowledged and lost (sst#6894): read back, and write again.
  for (let made = 1; made <= 5; made++) {
    const { ETag } = await call('kvs', 'DescribeKeyValueStore', { KvsARN: arn });
    await call('kvs', 'UpdateKeys', { KvsARN: arn, IfMatch: ETag, Puts });
    const { ItemCount } = await call('kvs', 'DescribeKeyValueStore', { KvsARN: arn });
    if (ItemCount === Puts.length) return arn;
    await target.sleep(target.pace.pollMs);
  }
  throw new EdgeError('NOT_READY', `the store ${Name} acknowledged five writes and keeps none of them`);
}

async function publish(Name: string, call: BoundedCall): Promise<void> {
  const { ETag } = await call('cloudfront', 'DescribeFunction', { Name, Stage: 'DEVELOPMENT' });
  await call('cloudfront', 'PublishFunction', { Name, IfMatch: ETag });
}

/** Makes the origins and starts the distribution; `deployed` waits for it. */
export async function startDistribution(throwAway: ThrowAway, options: MakeOptions): Promise<() => Promise<void>> {
  const { run, call, journal, target, signal, progress } = options;
  const { values } = throwAway;
  const role = options.roleArn ?? (await makeRole(options));
  for (const name of ['a', 'b']) values[`domain${name.toUpperCase()}`] = await makeOrigin(name, role, options);
  const described = await call('cloudfront', 'DescribeFunction', { Name: `${run}-edge`, Stage: 'DEVELOPMENT' });
  const code = edgeFunctionCode(throwAway.edgeCases, values, '1');
  const { FunctionConfig, Name } = throwAway.edgeFunction;
  await call('cloudfront', 'UpdateFunction', { Name, FunctionConfig, FunctionCode: Buffer.from(code), IfMatch: described['ETag'] });
  await publish(`${run}-edge`, call);
  await publish(`${run}-after`, call);
  const config = throwAwayDistribution(run, values);
  await journal.creating('distribution', run);
  const startedAt = target.now();
  const created = await call('cloudfront', 'CreateDistributionWithTags', {
    DistributionConfigWithTags: { DistributionConfig: config, Tags: throwAway.tags },
  });
  const id = textAt(created, 'Distribution', 'Id');
  await journal.created('distribution', run, id);
  values['distributionId'] = id;
  const distribution = { id, domain: textAt(created, 'Distribution', 'DomainName') };
  return async () => {
    await poll(
      async () => {
        const found = await call('cloudfront', 'GetDistribution', { Id: id });
        return textAt(found, 'Distribution', 'Status') === 'Deployed' ? { done: undefined } : { waiting: 'the distribution is InProgress' };
      },
      target.pace.pollMs,
      { timeoutMs: target.pace.deployMs, signal, sleep: pause(target), now: target.now, progress },
    );
    throwAway.distribution = distribution;
    throwAway.deployedAfterMs = target.now() - startedAt;
  };
}

async function makeRole({ run, call, journal }: MakeOptions): Promise<string> {
  await journal.creating('role', run);
  const made = await call('iam', 'CreateRole', {
    RoleName: run,
    Path: `/${tagKey}/`,
    Description: 'conformance, may be deleted; grants nothing',
    AssumeRolePolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    }),
    Tags: [{ Key: tagKey, Value: run }],
  });
  return textAt(made, 'Role', 'Arn');
}

/** A Lambda function with a public URL; returns the URL's host name. */
async function makeOrigin(name: string, role: string, { run, call, journal, target, signal }: MakeOptions): Promise<string> {
  const FunctionName = `${run}-${name}`;
  const { zipSync, strToU8 } = await import('fflate');
  const ZipFile = zipSync({ 'index.js': strToU8(originSource) });
  await journal.creating('lambda', FunctionName);
  const wait = { timeoutMs: 120_000, signal, sleep: pause(target), now: target.now };
  await poll(
    async () => {
      try {
        await call('lambda', 'CreateFunction', {
          FunctionName,
          Runtime: 'nodejs22.x',
          Handler: 'index.handler',
          Role: role,
          Code: { ZipFile },
          MemorySize: 128,
          Timeout: 10,
          Architectures: ['arm64'],
          Environment: { Variables: { ORIGIN: name } },
          Tags: { [tagKey]: run },
        });
      } catch (error) {
        // A new role takes seconds until Lambda may assume it.
        if (error instanceof Error && /cannot be assumed by Lambda/i.test(error.message))
          return { waiting: 'Lambda cannot assume the role yet' };
        throw error;
      }
      return { done: undefined };
    },
    target.pace.pollMs,
    wait,
  );
  await poll(
    async () => {
      const found = await call('lambda', 'GetFunctionConfiguration', { FunctionName });
      return found['State'] === 'Active' ? { done: undefined } : { waiting: `the Lambda function ${FunctionName} is ${found['State']}` };
    },
    target.pace.pollMs,
    wait,
  );
  const { FunctionUrl } = await call('lambda', 'CreateFunctionUrlConfig', { FunctionName, AuthType: 'NONE' });
  const anyone = { FunctionName, Principal: '*' };
  await call('lambda', 'AddPermission', { ...anyone, StatementId: 'url', Action: 'lambda:InvokeFunctionUrl', FunctionUrlAuthType: 'NONE' });
  // Since October 2025 a public URL needs this one, too.
  await call('lambda', 'AddPermission', { ...anyone, StatementId: 'invoke', Action: 'lambda:InvokeFunction', InvokedViaFunctionUrl: true });
  return new URL(String(FunctionUrl)).hostname;
}

const pause = (target: ConformanceTarget) => async (ms: number) => void (await target.sleep(ms));

/** A text that an answer must have. */
function textAt(output: ServiceOutput, ...path: readonly string[]): string {
  const found = path.reduce<unknown>((at, step) => (isRecord(at) ? at[step] : undefined), output);
  if (typeof found !== 'string') throw new EdgeError('AWS', `an answer of AWS has no ${path.join('.')}`);
  return found;
}
