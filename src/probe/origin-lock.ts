import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { EdgeConfig, HttpSignal } from '../config/edge-config.ts';
import type { HttpProbeResult, ProbeTarget } from './probe.ts';
import { buildProbeTarget } from './probe-origin.ts';

/** Whether an origin refuses what does not come from CloudFront, and how to fix it when not. */
export interface LockVerdict {
  outcome: 'ok' | 'warn' | 'fail';
  found: string;
  fix?: string;
}

export interface LockFacts {
  origin: string;
  /** Names of the custom headers whose values only CloudFront knows. */
  secrets: readonly string[];
  /** Answers to the same request with and without these headers. */
  with: Pick<HttpProbeResult, 'status' | 'failure'>;
  without: Pick<HttpProbeResult, 'status' | 'failure'>;
}

/** Not the health check, which may be public. Only the difference between the two answers matters. */
const request: HttpSignal = { type: 'http', path: '/', statuses: [200], json: {}, accessible: false, required: false };

/** Sends one request as CloudFront does and one as anyone can. */
export async function askTwice(
  id: string,
  config: DistributionConfig,
  readers: { config: Pick<EdgeConfig, 'origins' | 'health'>; ask: (origin: string, target: ProbeTarget) => Promise<HttpProbeResult> },
): Promise<LockFacts> {
  const target = buildProbeTarget(id, request, readers.config, config);
  const absent = { failure: { class: 'dns' as const, detail: 'the distribution does not have this origin' } };
  if (target === undefined) return { origin: id, secrets: [], with: absent, without: absent };
  const { headers = {} } = target;
  const open = Object.entries(headers).filter(([name]) => name.toLowerCase() === 'x-region');
  const secrets = Object.keys(headers).filter((name) => name.toLowerCase() !== 'x-region');
  const [withSecrets, without] = await Promise.all([
    readers.ask(id, target),
    readers.ask(id, { ...target, headers: Object.fromEntries(open) }),
  ]);
  return { origin: id, secrets, with: withSecrets, without };
}

export function judgeOriginLock({ origin, secrets, with: known, without }: LockFacts): LockVerdict {
  if (without.status === undefined) {
    const problem = without.failure === undefined ? 'no answer' : `${without.failure.class}: ${without.failure.detail}`;
    if (known.status !== undefined) return ok(`${origin} does not answer requests without ${secrets.join(', ')} (${problem})`);
    return warn(
      `${origin} cannot be reached from here (${problem}); it may admit only CloudFront's addresses, which all CloudFront customers share`,
      'run doctor where the origin can be reached, to see whether it checks the verify header',
    );
  }
  const names = secrets.join(', ');
  if (without.status < 400)
    return fail(
      `${origin} answers ${without.status} to a request without ${names === '' ? 'any secret header' : names}`,
      'make its load balancer answer 403 to requests without the header x-origin-verify of distribution.json',
    );
  if (known.status === without.status && (known.status === 401 || known.status === 403))
    return fail(
      `${origin} answers ${known.status} even with ${names === '' ? 'the headers of the distribution' : names}: the origin refuses CloudFront too`,
      'the origin has another secret than the distribution: run distribution:apply, or correct ORIGIN_VERIFY_SECRET',
    );
  if (known.status === without.status)
    return warn(
      `${origin} answers ${known.status} to / with and without ${names}: this does not show whether the origin is locked`,
      'make sure that its load balancer answers 403 without the header',
    );
  return ok(`${origin} answers ${without.status} without ${names}, ${known.status ?? 'nothing'} with it`);
}

const ok = (found: string): LockVerdict => ({ outcome: 'ok', found });
const warn = (found: string, fix: string): LockVerdict => ({ outcome: 'warn', found, fix });
const fail = (found: string, fix: string): LockVerdict => ({ outcome: 'fail', found, fix });
