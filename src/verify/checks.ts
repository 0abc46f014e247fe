import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { EdgeConfig, HttpSignal } from '../config/edge-config.ts';
import { defaultHttpSignal } from '../config/flipper-schema.ts';
import type { LocalOrigin } from '../config/local-cloud.ts';
import { originIdOf } from '../config/origin-names.ts';
import { checkResponse } from '../probe/check-response.ts';
import { groupByRegion, localCountryHeader, localIpHeader, readRegion } from '../probe/edge-view.ts';
import { askTwice, judgeOriginLock, type LockFacts, type LockVerdict } from '../probe/origin-lock.ts';
import { type HttpAnswer, type ProbeOptions, probe } from '../probe/probe.ts';
import { buildProbeTarget, judgeProbe } from '../probe/probe-origin.ts';
import type { Asker, Expected } from './expected-origins.ts';
import { judgeSamples, type Sampling, takeSamples, type VerifyRow } from './samples.ts';

export interface OriginCheck extends Sampling {
  config: Pick<EdgeConfig, 'origins' | 'health'>;
  distribution: DistributionConfig;
  /** Ids of origins whose secret header has no value here: their refusal is not a failure. */
  lacking: ReadonlySet<string>;
  /** Addresses of the local cloud's origins; undefined on AWS. */
  local: Readonly<Record<string, LocalOrigin>> | undefined;
  /** Instead of the path of each signal. */
  path: string | undefined;
  /** Whole request; undefined for health.timeoutMs. */
  timeoutMs: number | undefined;
}

/** Probes an origin directly, as CloudFront would; undefined when interrupted before the first result. */
export async function checkOrigin(id: string, check: OriginCheck): Promise<VerifyRow | undefined> {
  const { config, path } = check;
  const originId = originIdOf(config.origins, id);
  const signal = config.origins[id]?.signals.find((candidate) => candidate.type === 'http') ?? defaultHttpSignal;
  const target = buildProbeTarget(id, path === undefined ? signal : { ...signal, path }, config, check.distribution);
  const none = { way: 'direct' as const, who: id, expected: [id], went: [], statuses: [], samples: 0, latency: undefined, tls: undefined };
  if (target === undefined || !isAddressKnown(originId, check.distribution))
    return { ...none, outcome: 'warn', notes: ['its address is not known: distribution.json has none, or its placeholder has no value'] };
  const { timeoutMs = target.timeoutMs } = check;
  const bounded = { ...target, timeoutMs, connectTimeoutMs: Math.min(timeoutMs, target.connectTimeoutMs) };
  const samples = await takeSamples(bounded, check.samples, reach(id, check));
  const { answers, broken } = samples;
  if (answers.length === 0 && broken === undefined) return undefined;
  const isRefusal = (status: number) => check.lacking.has(originId) && (status === 401 || status === 403);
  const refused = answers.filter(({ status }) => isRefusal(status));
  const bad = answers.flatMap((answer) =>
    isRefusal(answer.status) ? [] : (checkResponse(answer, target.checks, target.region)?.detail ?? []),
  );
  // This machine's own network may be the cause, so it is a warning.
  const unreached = broken !== undefined && judgeProbe({ ok: false, ...broken }).kind === 'unreached';
  const why = broken === undefined ? [] : [`${broken.failure.class}: ${broken.failure.detail}`];
  const failures = [...(unreached ? [] : why), ...bad];
  const warnings = [
    ...(unreached ? why.map((problem) => `not reached from here: it may admit only CloudFront; ${problem}`) : []),
    ...(refused.length > 0
      ? [`refuses requests without its secret (${refused[0]?.status}), which is not set here: nothing else can be checked`]
      : []),
  ];
  return {
    ...none,
    went: answers.length > bad.length + refused.length ? [id] : [],
    ...judgeSamples(samples, { failures, warnings }, check),
  };
}

/** Whether the address of the origin with this id in the distribution is known. */
export function isAddressKnown(id: string, { Origins }: DistributionConfig): boolean {
  return Origins?.Items?.some((origin) => origin.Id === id && origin.DomainName !== '') === true;
}

/**
 * Checks that the origin refuses requests without the secret header. At most a warning, since viewers are served
 * anyway.
 */
export async function checkLock(id: string, check: OriginCheck): Promise<VerifyRow | undefined> {
  const facts = await askTwice(id, check.distribution, {
    config: check.config,
    ask: (_, target) => probe(target, reach(id, check)),
  });
  if (check.signal.aborted) return undefined;
  const { outcome, found } = judgeLock(facts, check.lacking.has(originIdOf(check.config.origins, id)));
  return {
    way: 'lock',
    who: id,
    outcome: outcome === 'ok' ? 'ok' : 'warn',
    expected: [],
    went: [],
    statuses: facts.without.status === undefined ? [] : [facts.without.status],
    samples: 1,
    latency: undefined,
    tls: undefined,
    notes: [found],
  };
}

function judgeLock(facts: LockFacts, isSecretUnknown: boolean): LockVerdict {
  const { origin, with: known, without } = facts;
  const { status, failure } = without;
  if (isSecretUnknown && status !== undefined && status >= 400)
    return { outcome: 'ok', found: `${origin} answers ${status} to a request without its secret` };
  if (status !== undefined || known.status !== undefined) return judgeOriginLock(facts);
  return { outcome: 'warn', found: `${origin} cannot be reached from here${failure === undefined ? '' : ` (${failure.class})`}` };
}

function reach(id: string, { local, network, signal }: OriginCheck): ProbeOptions & { signal: AbortSignal } {
  const connectTo = local?.[id];
  return { ...network, signal, ...(connectTo && { connectTo }) };
}

export interface EdgeCheck extends Sampling {
  config: Pick<EdgeConfig, 'origins'>;
  url: URL;
  isLocal: boolean;
  /** Path and query of the health check. */
  path: string;
  /** Whole request. */
  timeoutMs: number;
}

/** What one viewer gets through the edge; undefined when interrupted before the first result. */
export async function checkEdge(asker: Asker, expected: Expected, check: EdgeCheck): Promise<VerifyRow | undefined> {
  const { url, isLocal, path, samples: count, timeoutMs, network, signal } = check;
  const protocol = url.protocol === 'https:' ? 'https' : 'http';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const samples = await takeSamples(
    {
      protocol,
      domainName: host,
      port: Number(url.port) || (protocol === 'https' ? 443 : 80),
      host: url.hostname,
      headers: { 'cache-control': 'no-cache', ...(isLocal ? describeViewer(asker) : {}) },
      path,
      connectTimeoutMs: timeoutMs,
      timeoutMs,
    },
    count,
    { ...network, signal },
  );
  const { answers, broken } = samples;
  if (answers.length === 0 && broken === undefined) return undefined;
  const judged = answers.map((answer) => judgeAnswer(answer, expected, check.config));
  const failures = [
    ...(broken === undefined ? [] : [`${broken.failure.class}: ${broken.failure.detail}`]),
    ...judged.flatMap(({ failure }) => failure ?? []),
  ];
  const warnings = judged.flatMap(({ warning }) => warning ?? []);
  return {
    way: 'edge',
    who: asker.name,
    expected: expected.right,
    went: [...new Set(judged.flatMap(({ origins }) => origins))],
    ...judgeSamples(samples, { failures, warnings }, check),
  };
}

function describeViewer({ viewers: [viewer] }: Asker): Record<string, string> {
  return {
    ...(viewer === undefined ? {} : { [localIpHeader]: viewer.ip }),
    ...(viewer?.country === undefined ? {} : { [localCountryHeader]: viewer.country }),
  };
}

function judgeAnswer(
  answer: HttpAnswer,
  { right, fallback, isRecordKnown }: Expected,
  config: Pick<EdgeConfig, 'origins'>,
): { origins: readonly string[]; failure?: string; warning?: string } {
  const { status, headers, body } = answer;
  if (status >= 300 && status < 400)
    return { origins: [], failure: `status ${status}: redirects to ${String(headers['location'])}, which is not followed` };
  const region = readRegion(headers, body);
  if (region === undefined) return { origins: [], failure: checkContract(answer, '', defaultHttpSignal) ?? 'the answer has no region' };
  const origins = groupByRegion(config).get(region);
  if (origins === undefined)
    return { origins: [], failure: `answered ${status} from region ${JSON.stringify(region)}, which no origin has` };
  const problem = checkContract(answer, region, findSignal(config, origins));
  if (problem !== undefined) return { origins, failure: `${origins.join(' or ')} answers, but ${problem}` };
  if (right.length === 0) return { origins, warning: 'the function selects no origin by id: no expectation' };
  if (origins.some((origin) => right.includes(origin))) return { origins };
  const went = `answered by ${origins.join(' or ')}, expected ${right.join(' or ')}`;
  if (!origins.some((origin) => fallback.includes(origin))) return { origins, failure: went };
  if (!isRecordKnown) return { origins, warning: `${went} by configuration; the health record is not known` };
  return { origins, failure: `${went}: that origin failed this request, or the edge does not have the record yet` };
}

/** The flipper's checks of an answer, without the latency limit, which is about the path to the origin. */
function checkContract(answer: HttpAnswer, region: string, signal: HttpSignal): string | undefined {
  const { maxLatencyMs: _, ...checks } = signal;
  // A public health check may show its status only; the region then comes from the header.
  const json = isStatusOnly(answer.body) && 'status' in checks.json ? { status: checks.json['status'] as string } : checks.json;
  return checkResponse(answer, { ...checks, json }, region)?.detail;
}

function isStatusOnly(body: string): boolean {
  try {
    return Object.keys(JSON.parse(body) as object).join() === 'status';
  } catch {
    return false;
  }
}

function findSignal({ origins }: Pick<EdgeConfig, 'origins'>, ids: readonly string[]): HttpSignal {
  return ids.flatMap((id) => origins[id]?.signals ?? []).find((signal) => signal.type === 'http') ?? defaultHttpSignal;
}
