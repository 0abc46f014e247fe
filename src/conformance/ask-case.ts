import type { ServiceOutput } from '../aws/call-service.ts';
import { messageOf } from '../text/message-of.ts';
import type { ApiCall, CaseAnswer, CaseQuestion, ConformanceCase, ViewerAnswer } from './conformance-case.ts';
import { type Asking, askMeasure, CouldNotAsk, fillCaseText, runOnce, wrapBody } from './measure.ts';

/** Asks one case. Throws CouldNotAsk, or what a broken network throws. */
export async function askCase(one: ConformanceCase, asking: Asking): Promise<CaseAnswer> {
  const { ask } = one;
  if (ask.kind === 'calls') return askCalls(ask, asking);
  if (ask.kind === 'function') return askFunction(ask, asking);
  if (ask.kind === 'edge') return askEdge(one.id, ask, asking);
  return askMeasure(ask.what, asking);
}

/** Codes that say nothing about the case. */
const noAnswer = /^(AccessDenied\w*|ExpiredToken\w*|Throttl\w*|TooManyRequests\w*|\w*Credentials\w*|ServiceUnavailable)$/;

async function askCalls({ calls, pick }: Extract<CaseQuestion, { kind: 'calls' }>, asking: Asking): Promise<CaseAnswer> {
  const seen = new Map<string, ServiceOutput>();
  for (const [place, call] of calls.entries()) {
    const isLast = place === calls.length - 1;
    try {
      const output = await callApi(call, seen, asking);
      seen.set(call.as ?? '', output);
      seen.set('last', output);
    } catch (error) {
      const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
      const status = $metadata?.httpStatusCode;
      if (status === undefined) throw error;
      if (noAnswer.test(name)) throw new CouldNotAsk(`${call.op}: ${name}: ${message}`);
      if (isLast) return { value: { error: name, status }, note: message };
    }
  }
  if (pick === undefined) return { value: 'accepted' };
  const value = Object.fromEntries(
    Object.entries(pick).map(([label, what]) => [
      label,
      typeof what !== 'string'
        ? readReference(what[0], seen) === readReference(what[1], seen)
        : what.startsWith('#')
          ? readReference(`$${what.slice(1)}`, seen) !== undefined
          : readReference(what, seen),
    ]),
  );
  return { value };
}

async function callApi({ op, in: input = {}, config }: ApiCall, seen: ReadonlyMap<string, ServiceOutput>, asking: Asking) {
  const [service, operation] = op.startsWith('kvs:') ? (['kvs', op.slice(4)] as const) : (['cloudfront', op] as const);
  const given = fill(input, seen, asking) as Record<string, unknown>;
  if (config !== undefined) {
    const whole = asking.throwAway.smallConfig();
    for (const [path, value] of Object.entries(config)) setPath(whole, path, fill(value, seen, asking));
    given['DistributionConfigWithTags'] = { DistributionConfig: whole, Tags: asking.throwAway.tags };
  }
  const output = await asking.call(service, operation, given);
  await undo(operation, output, asking);
  return output;
}

/**
 * AWS accepted what it should refuse: it goes at once, before a later case meets it. A distribution waits for the end.
 */
async function undo(operation: string, output: ServiceOutput, { call }: Asking): Promise<void> {
  const at = (...path: string[]) => readPath(output, path);
  const IfMatch = output['ETag'];
  if (operation === 'CreateFunction') await call('cloudfront', 'DeleteFunction', { Name: at('FunctionSummary', 'Name'), IfMatch });
  if (operation === 'CreateKeyValueStore') await call('cloudfront', 'DeleteKeyValueStore', { Name: at('KeyValueStore', 'Name'), IfMatch });
  if (operation === 'CreateCachePolicy') await call('cloudfront', 'DeleteCachePolicy', { Id: at('CachePolicy', 'Id'), IfMatch });
}

const bytes = new Set(['FunctionCode', 'EventObject']);

/** Puts in the values of this run, and bytes where the API has them. */
function fill(value: unknown, seen: ReadonlyMap<string, ServiceOutput>, asking: Asking): unknown {
  if (typeof value === 'string') return value.startsWith('$') ? readReference(value, seen) : fillCaseText(value, asking);
  if (Array.isArray(value)) return value.map((entry) => fill(entry, seen, asking));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => {
      const filled = fill(entry, seen, asking);
      return [key, bytes.has(key) && typeof filled === 'string' ? Buffer.from(filled) : filled];
    }),
  );
}

function readReference(reference: string, seen: ReadonlyMap<string, ServiceOutput>): unknown {
  const [name = '', ...path] = reference.slice(1).split('.');
  const output = seen.get(name);
  if (output === undefined) throw new CouldNotAsk(`an earlier call of the case, ${name}, was refused`);
  const found = readPath(output, path);
  return found instanceof Uint8Array ? Buffer.from(found).toString() : found;
}

function readPath(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, step) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[step] : undefined),
    value,
  );
}

function setPath(root: object, path: string, value: unknown): void {
  const steps = path.split('.');
  const last = steps.pop() ?? '';
  const parent = readPath(root, steps) as Record<string, unknown> | undefined;
  if (parent === undefined) throw new Error(`the config has no ${path}`);
  parent[last] = value;
}

async function askFunction({ body, source, event }: Extract<CaseQuestion, { kind: 'function' }>, asking: Asking): Promise<CaseAnswer> {
  const result = await runOnce(source ?? wrapBody(body ?? ''), asking, event);
  const failure = result.FunctionErrorMessage ?? '';
  if (failure !== '') return { value: { fails: true }, note: failure };
  const output = JSON.parse(result.FunctionOutput ?? '{}') as {
    request?: { headers?: Record<string, { value?: string }> };
    response?: { statusCode?: number };
  };
  if (output.response !== undefined) return { value: { response: output.response.statusCode } };
  return { value: { answer: output.request?.headers?.['x-answer']?.value ?? null } };
}

async function askEdge(id: string, { requests, see }: Extract<CaseQuestion, { kind: 'edge' }>, asking: Asking): Promise<CaseAnswer> {
  const { target, throwAway } = asking;
  if (throwAway.distribution === undefined) throw new CouldNotAsk('there is no distribution');
  let answer: ViewerAnswer | undefined;
  for (const request of requests) {
    const call = { ...request, path: fillCaseText(request.path, asking), headers: { ...request.headers, 'x-case': id } };
    try {
      answer = await target.request(throwAway.distribution, call);
    } catch (error) {
      throw new CouldNotAsk(messageOf(error));
    }
  }
  if (answer === undefined) throw new CouldNotAsk('the case has no request');
  const { status, headers, body } = answer;
  const echo = readEcho(body);
  const value = Object.fromEntries(see.map((what) => [what, seeAnswer(what, { status, headers, body, echo })]));
  return { value, note: `${status} ${headers['x-cache'] ?? ''}`.trim() };
}

interface Echo {
  path?: string;
  query?: string;
  method?: string;
  bytes?: number;
  headers?: Record<string, string>;
}

function readEcho(body: string): Echo {
  try {
    return JSON.parse(body) as Echo;
  } catch {
    return {};
  }
}

function seeAnswer(what: string, { status, headers, body, echo }: ViewerAnswer & { echo: Echo }): unknown {
  if (what === 'status') return status;
  if (what === 'body') return body;
  if (what === 'origin') return headers['x-origin'] ?? null;
  if (what === 'x-cache') return shortCache(headers['x-cache'] ?? '');
  if (what.startsWith('header:')) return headers[what.slice(7)] ?? null;
  if (what.startsWith('echo.header:')) return echo.headers?.[what.slice(12)] ?? null;
  return echo[what.slice(5) as keyof Echo] ?? null;
}

/** `Miss from cloudfront` is miss; a function's failure keeps its name. */
function shortCache(text: string): string {
  const [first = ''] = text.split(' ');
  return /^Function/.test(first) ? first : first.toLowerCase();
}
