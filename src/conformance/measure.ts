import { percentile } from '../text/percentile.ts';
import { formatDuration } from '../text/time.ts';
import { type BoundedCall, burstCalls } from './budget.ts';
import type { CaseAnswer, Measure } from './conformance-case.ts';
import type { ConformanceTarget } from './target.ts';
import type { ThrowAway, WriteRound } from './throw-away.ts';
import { edgeFunctionCode, readVersion, readWrite } from './throw-away-config.ts';

/** Asks what only time can answer. */
export function askMeasure(what: Measure, asking: Asking): Promise<CaseAnswer> {
  return measures[what](asking);
}

const measures: Readonly<Record<Measure, (asking: Asking) => Promise<CaseAnswer>>> = {
  deploy: async ({ throwAway }) => {
    if (throwAway.deployedAfterMs === undefined) throw new CouldNotAsk('there is no distribution');
    return { value: { deployed: true }, note: `Deployed after ${formatDuration(Math.max(1_000, throwAway.deployedAfterMs))}` };
  },
  write: async (asking) => {
    const rounds = await measureWrites(asking);
    return { value: { arrives: rounds.every(({ firstMs }) => firstMs !== undefined) }, note: describeRounds(rounds) };
  },
  'old-value': async (asking) => {
    const rounds = await measureWrites(asking);
    return {
      value: { returns: rounds.some(({ old }) => old > 0) },
      note: `${rounds.map(({ old }) => old).join(', ')} old values after the first new one`,
    };
  },
  'missing-key': async (asking) => {
    const rounds = await measureWrites(asking);
    return {
      value: { missing: rounds.some(({ missing }) => missing > 0) },
      note: `${rounds.map(({ missing }) => missing).join(', ')} reads that found no key`,
    };
  },
  publish: async (asking) => {
    const round = await measurePublish(asking);
    return { value: { arrives: round.firstMs !== undefined }, note: describeRounds([round]) };
  },
  burst: async ({ call, throwAway }) => {
    const calls = Array.from({ length: burstCalls }, () =>
      call('kvs', 'DescribeKeyValueStore', { KvsARN: throwAway.runtimeFunction.storeArn }, { retries: false }).then(
        () => 'ok',
        (error: Error) => error.name,
      ),
    );
    const names = await Promise.all(calls);
    const refused = names.filter((name) => name !== 'ok');
    return {
      value: { throttled: refused.some((name) => /Throttl|TooMany/i.test(name)) },
      note: `${refused.length} of ${burstCalls} calls at once were refused${refused.length === 0 ? '' : `: ${[...new Set(refused)].join(', ')}`}`,
    };
  },
  utilization: async (asking) => {
    const [without, beside] = [
      await runOnce(wrapBody('answer = 1;'), asking),
      await runOnce(wrapBody('cf.logCustomData("x"); answer = 1;'), asking),
    ];
    return {
      value: { measured: [without, beside].every(({ ComputeUtilization }) => /^\d+$/.test(ComputeUtilization ?? '')) },
      note: `${without.ComputeUtilization} without, ${beside.ComputeUtilization} with logCustomData`,
    };
  },
};

/** Several cases read the same rounds: each write costs money and half a minute. */
async function measureWrites(asking: Asking): Promise<readonly WriteRound[]> {
  const { throwAway, target, call } = asking;
  throwAway.rounds ??= (async () => {
    const rounds: WriteRound[] = [];
    for (let round = 1; round <= target.pace.rounds; round++) {
      const value = `v${round}`;
      const KvsARN = throwAway.runtimeFunction.storeArn;
      const { ETag } = await call('kvs', 'DescribeKeyValueStore', { KvsARN });
      await call('kvs', 'PutKey', { KvsARN, Key: 'marker', Value: value, IfMatch: ETag });
      rounds.push(await sample(asking, readWrite, value));
    }
    return rounds;
  })();
  return throwAway.rounds;
}

async function measurePublish(asking: Asking): Promise<WriteRound> {
  const { throwAway, call } = asking;
  const { Name, FunctionConfig } = throwAway.edgeFunction;
  const described = await call('cloudfront', 'DescribeFunction', { Name, Stage: 'DEVELOPMENT' });
  const code = Buffer.from(edgeFunctionCode(throwAway.edgeCases, throwAway.values, '2'));
  const updated = await call('cloudfront', 'UpdateFunction', { Name, IfMatch: described['ETag'], FunctionConfig, FunctionCode: code });
  await call('cloudfront', 'PublishFunction', { Name, IfMatch: updated['ETag'] });
  return sample(asking, readVersion, '2');
}

/** Asks the edge until it shows the value, and for a while longer. */
async function sample({ target, throwAway }: Asking, what: string, value: string): Promise<WriteRound> {
  const { distribution } = throwAway;
  if (distribution === undefined) throw new CouldNotAsk('there is no distribution');
  const startedAt = target.now();
  const round: WriteRound = { firstMs: undefined, old: 0, missing: 0, samples: 0 };
  let after = 0;
  while (round.samples < target.pace.maxSamples && after < target.pace.afterSamples) {
    const { headers } = await target.request(distribution, { path: '/x', headers: { 'x-case': what } });
    round.samples += 1;
    const seen = headers['x-seen'] ?? '';
    if (seen === 'missing') round.missing += 1;
    if (seen === value) round.firstMs ??= target.now() - startedAt;
    else if (round.firstMs !== undefined && seen !== 'missing') round.old += 1;
    if (round.firstMs !== undefined) after += 1;
    await target.sleep(target.pace.sampleMs);
  }
  return round;
}

function describeRounds(rounds: readonly WriteRound[]): string {
  const times = rounds.flatMap(({ firstMs }) => (firstMs === undefined ? [] : [firstMs])).sort((one, other) => one - other);
  if (times.length === 0) return 'never seen';
  const text = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
  return `first seen after ${times.map(text).join(', ')}; median ${text(percentile(times, 0.5) ?? 0)}`;
}

/** The case could not be asked here; the message says why. */
export class CouldNotAsk extends Error {}

export interface Asking {
  target: ConformanceTarget;
  call: BoundedCall;
  throwAway: ThrowAway;
  /** Different for each case, so that no cache entry of another one answers. */
  nonce: string;
}

export function fillCaseText(text: string, { throwAway, nonce }: Pick<Asking, 'throwAway' | 'nonce'>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name === 'nonce' ? nonce : (throwAway.values[name] ?? whole)));
}

/** A handler around the body of a case: what it leaves in `answer` comes back in a header. */
export function wrapBody(body: string): string {
  return `import cf from 'cloudfront';
async function handler(event) {
  var answer;
  ${body}
  event.request.headers['x-answer'] = { value: String(answer) };
  return event.request;
}
`;
}

const testEvent = {
  version: '1.0',
  context: { eventType: 'viewer-request' },
  viewer: { ip: '198.51.100.1' },
  request: { method: 'GET', uri: '/x', querystring: { a: { value: '1' } }, headers: { host: { value: 'www.example.com' } }, cookies: {} },
};

interface TestResult {
  FunctionErrorMessage?: string;
  FunctionOutput?: string;
  ComputeUtilization?: string;
}

/** Makes this the code of the function for tests and runs one event through it. */
export async function runOnce(code: string, { call, throwAway }: Asking, event?: object): Promise<TestResult> {
  const { runtimeFunction } = throwAway;
  const { name, storeArn } = runtimeFunction;
  // Only this function writes it: one description is enough, unless an update fails.
  const etag = runtimeFunction.etag ?? (await call('cloudfront', 'DescribeFunction', { Name: name, Stage: 'DEVELOPMENT' }))['ETag'];
  runtimeFunction.etag = undefined;
  const updated = await call('cloudfront', 'UpdateFunction', {
    Name: name,
    IfMatch: etag,
    FunctionConfig: {
      Comment: '',
      Runtime: 'cloudfront-js-2.0',
      KeyValueStoreAssociations: { Quantity: 1, Items: [{ KeyValueStoreARN: storeArn }] },
    },
    FunctionCode: Buffer.from(code),
  });
  runtimeFunction.etag = updated['ETag'];
  const tested = await call('cloudfront', 'TestFunction', {
    Name: name,
    Stage: 'DEVELOPMENT',
    IfMatch: updated['ETag'],
    EventObject: Buffer.from(JSON.stringify({ ...testEvent, ...event })),
  });
  return (tested['TestResult'] ?? {}) as TestResult;
}
