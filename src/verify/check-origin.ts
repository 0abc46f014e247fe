import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { defaultHttpSignal, type EdgeConfig } from '../config/edge-config.ts';
import type { LocalOrigin } from '../config/local-cloud.ts';
import { type Finding, ok, warn } from '../doctor/check.ts';
import { askTwice, judgeOriginLock, type LockFacts } from '../doctor/checks/reachability.ts';
import { checkResponse } from '../probe/check-response.ts';
import { type ProbeOptions, probe } from '../probe/probe.ts';
import { judgeProbe } from '../probe/probe-origin.ts';
import { buildProbeTarget } from '../probe/probe-target.ts';
import { judgeSamples, type Sampling } from './judge-samples.ts';
import { takeSamples } from './take-samples.ts';
import type { VerifyRow } from './verify-row.ts';

export interface OriginCheck extends Sampling {
  config: Pick<EdgeConfig, 'origins' | 'health'>;
  distribution: DistributionConfig;
  /** Ids of origins that CloudFront sends a secret which is not known here: a refusal of theirs means nothing. */
  lacking: ReadonlySet<string>;
  /** Where the local cloud's origins are; undefined on AWS. */
  local: Readonly<Record<string, LocalOrigin>> | undefined;
  /** In place of the path of each signal. */
  path: string | undefined;
  /** Whole request; undefined for health.timeoutMs. */
  timeoutMs: number | undefined;
}

/** An origin past the edge, asked as CloudFront would; undefined when it was stopped before there was anything. */
export async function checkOrigin(id: string, check: OriginCheck): Promise<VerifyRow | undefined> {
  const { config, path } = check;
  const signal = config.origins[id]?.signals.find((candidate) => candidate.type === 'http') ?? defaultHttpSignal;
  const target = buildProbeTarget(id, path === undefined ? signal : { ...signal, path }, config, check.distribution);
  const none = { way: 'direct' as const, who: id, expected: [id], went: [], statuses: [], samples: 0, latency: undefined, tls: undefined };
  if (target === undefined || !isAddressKnown(id, check.distribution))
    return { ...none, outcome: 'warn', notes: ['where it is is not known: distribution.json does not say, or its placeholder is not set'] };
  const { timeoutMs = target.timeoutMs } = check;
  const bounded = { ...target, timeoutMs, connectTimeoutMs: Math.min(timeoutMs, target.connectTimeoutMs) };
  const samples = await takeSamples(bounded, check.samples, reach(id, check));
  const { answers, broken } = samples;
  if (answers.length === 0 && broken === undefined) return undefined;
  const isRefusal = (status: number) => check.lacking.has(id) && (status === 401 || status === 403);
  const refused = answers.filter(({ status }) => isRefusal(status));
  const bad = answers.flatMap((answer) =>
    isRefusal(answer.status) ? [] : (checkResponse(answer, target.checks, target.region)?.detail ?? []),
  );
  // Not to get through may be this machine's fault, which is no reason to fail.
  const unreached = broken !== undefined && judgeProbe({ ok: false, ...broken }).kind === 'unreached';
  const why = broken === undefined ? [] : [`${broken.failure.class}: ${broken.failure.detail}`];
  const failures = [...(unreached ? [] : why), ...bad];
  const warnings = [
    ...(unreached ? why.map((problem) => `not reached from here, as if it admitted CloudFront only; ${problem}`) : []),
    ...(refused.length > 0
      ? [`refuses who lacks its secret (${refused[0]?.status}), which is not set here: nothing else can be seen`]
      : []),
  ];
  return {
    ...none,
    went: answers.length > bad.length + refused.length ? [id] : [],
    ...judgeSamples(samples, { failures, warnings }, check),
  };
}

/** Whether it is known where the origin is. */
export function isAddressKnown(id: string, { Origins }: DistributionConfig): boolean {
  return Origins?.Items?.some((origin) => origin.Id === id && origin.DomainName !== '') === true;
}

/** That it refuses who lacks what only CloudFront knows; never more than a warning, since viewers are served all the same. */
export async function checkLock(id: string, check: OriginCheck): Promise<VerifyRow | undefined> {
  const facts = await askTwice(id, check.distribution, {
    config: check.config,
    ask: (_, target) => probe(target, reach(id, check)),
  });
  if (check.signal.aborted) return undefined;
  const { outcome, found } = judgeLock(facts, check.lacking.has(id));
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

function judgeLock(facts: LockFacts, isSecretUnknown: boolean): Finding {
  const { origin, with: known, without } = facts;
  const { status, failure } = without;
  if (isSecretUnknown && status !== undefined && status >= 400) return ok(`${origin} answers ${status} to a request without its secret`);
  if (status !== undefined || known.status !== undefined) return judgeOriginLock(facts);
  // The doctor's words on this are about what to do; here the row of the origin itself tells already that it is not reached.
  return warn(`${origin} cannot be asked from here${failure === undefined ? '' : ` (${failure.class})`}`, '');
}

function reach(id: string, { local, network, signal }: OriginCheck): ProbeOptions & { signal: AbortSignal } {
  const connectTo = local?.[id];
  return { ...network, signal, ...(connectTo && { connectTo }) };
}
