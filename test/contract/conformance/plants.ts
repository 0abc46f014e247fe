import type { CallService, ServiceName, ServiceOutput } from '../../../src/aws/call-service.ts';
import type { ViewerAnswer } from '../../../src/conformance/conformance-case.ts';
import type { ConformanceTarget } from '../../../src/conformance/target.ts';

type Input = Readonly<Record<string, unknown>>;

/** An answer that differs from what we emulate, and the cases that must report it. */
interface Plant {
  ids: readonly string[];
  /** Undefined leaves the call alone. */
  call?: (service: ServiceName, operation: string, input: Input, real: CallService) => Promise<ServiceOutput> | undefined;
  request?: (caseId: string, answer: ViewerAnswer) => ViewerAnswer | undefined;
}

function refuse(name: string, status: number): Promise<never> {
  return Promise.reject(Object.assign(new Error('planted'), { name, $metadata: { httpStatusCode: status } }));
}

/** The service's own refusal under another name. */
const renamed = (
  id: string,
  operation: string,
  from: string,
  to: [string, number],
  when: (input: Input) => boolean = () => true,
): Plant => ({
  ids: [id],
  call: (service, called, input, real) =>
    called === operation && when(input)
      ? real(service, called, input).catch((error: Error) => (error.name === from ? refuse(...to) : Promise.reject(error)))
      : undefined,
});

/** Another answer to one case at the edge. */
const answered = (id: string, change: Partial<ViewerAnswer>): Plant => ({
  ids: [id],
  request: (caseId, answer) => (caseId === id ? { ...answer, ...change, headers: { ...answer.headers, ...change.headers } } : undefined),
});

const textOf = (value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString() : '');
const configOf = (input: Input) => JSON.stringify(input['DistributionConfigWithTags'] ?? {});
let lastCode = '';
const tested = (id: string, part: string, result: object): Plant => ({
  ids: [id],
  call: (_service, operation, input) => {
    if (operation === 'UpdateFunction') lastCode = textOf(input['FunctionCode']);
    return operation === 'TestFunction' && lastCode.includes(part) ? Promise.resolve({ TestResult: result }) : undefined;
  },
});
const output = (answer: string) => ({
  FunctionErrorMessage: '',
  FunctionOutput: JSON.stringify({ request: { headers: { 'x-answer': { value: answer } } } }),
});

let describing = 0;
let putEtag: unknown;
let samples = 0;

/** Each is one difference that AWS might show. */
export const plants: readonly Plant[] = [
  renamed('function-create-size', 'CreateFunction', 'FunctionSizeLimitExceeded', ['InvalidArgument', 400]),
  renamed('function-create-taken', 'CreateFunction', 'FunctionAlreadyExists', ['FunctionAlreadyExists', 400]),
  renamed('function-update-stale', 'UpdateFunction', 'PreconditionFailed', ['InvalidIfMatchVersion', 400]),
  renamed('function-publish-stale', 'PublishFunction', 'PreconditionFailed', ['PreconditionFailed', 409]),
  renamed(
    'function-test-large',
    'TestFunction',
    'InvalidArgument',
    ['RequestEntityTooLarge', 413],
    (input) => textOf(input['EventObject']).length > 40_960,
  ),
  {
    // Accepted: the kit must remove what it did not mean to create.
    ids: ['function-create-tag'],
    call: (service, operation, input, real) =>
      operation === 'CreateFunction' && JSON.stringify(input['Tags'] ?? '').includes('aws:x')
        ? real(service, operation, { ...input, Tags: undefined })
        : undefined,
  },
  {
    ids: ['distribution-origin-header-via'],
    call: (service, operation, input, real) =>
      configOf(input).includes('"Via"')
        ? real(service, operation, JSON.parse(JSON.stringify(input).replace('"Via"', '"X-Via"')) as Input)
        : undefined,
  },
  renamed(
    'store-key-513',
    'PutKey',
    'ServiceQuotaExceededException',
    ['ValidationException', 400],
    ({ Key }) => String(Key).length === 513,
  ),
  {
    ids: ['store-keys-51'],
    call: (_service, operation, input) =>
      operation === 'UpdateKeys' && (input['Puts'] as unknown[] | undefined)?.length === 51 ? Promise.resolve({ ETag: 'x' }) : undefined,
  },
  {
    ids: ['store-identical-put'],
    call: (service, operation, input, real) => {
      if (operation !== 'PutKey' || input['Key'] !== 'same') return undefined;
      const before = putEtag;
      const made = real(service, operation, input);
      return before === undefined
        ? made.then((answer) => {
            putEtag = answer['ETag'];
            return answer;
          })
        : Promise.resolve({ ETag: before });
    },
  },
  {
    ids: ['store-page-default'],
    call: (service, operation, input, real) =>
      operation === 'ListKeys' && input['MaxResults'] === undefined && input['NextToken'] === undefined
        ? real(service, operation, { ...input, MaxResults: 50 })
        : undefined,
  },
  renamed('distribution-no-origin', 'CreateDistributionWithTags', 'NoSuchOrigin', ['InvalidArgument', 400], (input) =>
    /"TargetOriginId":"none"/.test(configOf(input)),
  ),
  renamed('distribution-quantity', 'CreateDistributionWithTags', 'InconsistentQuantities', ['InvalidArgument', 400]),
  renamed('distribution-delete-enabled', 'DeleteDistribution', 'DistributionNotDisabled', ['InvalidIfMatchVersion', 400]),
  tested('grammar-optional-chaining', 'a?.b', output('undefined')),
  tested('helper-two-helpers', 'selectRequestOriginById("b"); cf.selectRequestOriginById("a")', output('1')),
  tested('built-in-array-at', '[1].at(0)', output('1')),
  answered('edge-select-post', { status: 502, headers: { 'x-cache': 'FunctionValidationError from cloudfront' } }),
  answered('edge-select-unknown', { status: 200, headers: { 'x-cache': 'Miss from cloudfront' } }),
  answered('group-post', { status: 200, headers: { 'x-origin': 'b' } }),
  answered('behavior-country-unnamed', { headers: { 'x-seen': 'XX' } }),
  answered('behavior-cache-hit', { headers: { 'x-cache': 'Miss from cloudfront' } }),
  answered('edge-update-inherits', { status: 502 }),
  answered('failure-runs-away', { status: 200 }),
  {
    ids: ['propagation-burst'],
    call: (service, operation, input, real) => {
      if (service !== 'kvs' || operation !== 'DescribeKeyValueStore') return undefined;
      describing += 1;
      const call = describing > 10 ? refuse('ThrottlingException', 400) : real(service, operation, input);
      return call.finally(() => {
        describing -= 1;
      });
    },
  },
  {
    ids: ['propagation-old-value', 'propagation-missing-key'],
    request(caseId, answer) {
      if (caseId !== 'read-write' || answer.headers['x-seen'] === 'v0') return undefined;
      samples += 1;
      const seen = samples % 4 === 3 ? 'v0' : samples % 4 === 0 ? 'missing' : answer.headers['x-seen'];
      return { ...answer, headers: { ...answer.headers, 'x-seen': seen ?? '' } };
    },
  },
];

/** The target with every plant. */
export function plantAll(target: ConformanceTarget): ConformanceTarget {
  return {
    ...target,
    call: plants.reduce<CallService>(
      (real, plant) => (service, operation, input) => plant.call?.(service, operation, input, real) ?? real(service, operation, input),
      target.call,
    ),
    async request(distribution, call) {
      const answer = await target.request(distribution, call);
      for (const plant of plants) {
        const planted = plant.request?.(call.headers?.['x-case'] ?? '', answer);
        if (planted !== undefined) return planted;
      }
      return answer;
    },
  };
}
