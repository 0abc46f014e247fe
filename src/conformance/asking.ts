import type { BoundedCall } from './budget.ts';
import type { ConformanceTarget } from './target.ts';
import type { ThrowAway } from './throw-away.ts';

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
