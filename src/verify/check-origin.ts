import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { EdgeConfig } from '../config/edge-config.ts';
import { defaultHttpSignal } from '../config/flipper-schema.ts';
import type { LocalOrigin } from '../config/local-cloud.ts';
import { originIdOf } from '../config/origin-names.ts';
import { checkResponse } from '../probe/check-response.ts';
import { askTwice, judgeOriginLock, type LockFacts, type LockVerdict } from '../probe/origin-lock.ts';
import { type ProbeOptions, probe } from '../probe/probe.ts';
import { judgeProbe } from '../probe/probe-origin.ts';
import { buildProbeTarget } from '../probe/probe-target.ts';
import type { VerifyRow } from './samples.ts';
import { judgeSamples, type Sampling, takeSamples } from './samples.ts';

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

/** Checks that the origin refuses requests without the secret header. At most a warning, since viewers are served anyway. */
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
