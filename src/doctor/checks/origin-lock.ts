import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { EdgeConfig, HttpSignal } from '../../config/edge-config.ts';
import type { HttpProbeResult } from '../../probe/probe.ts';
import { buildProbeTarget } from '../../probe/probe-target.ts';
import { defineCheck, type Finding, fail, ok, warn } from '../check.ts';
import type { DoctorReaders } from '../doctor-readers.ts';
import { readJudgedConfig } from '../judged-config.ts';

export interface LockFacts {
  origin: string;
  /** Names of the custom headers that only CloudFront knows. */
  secrets: readonly string[];
  /** Answers to one and the same request, with and without these headers. */
  with: Pick<HttpProbeResult, 'status' | 'failure'>;
  without: Pick<HttpProbeResult, 'status' | 'failure'>;
}

/** Not the health check, which may be open to everybody; whatever it answers, only the difference counts. */
const request: HttpSignal = { type: 'http', path: '/', statuses: [200], json: {}, accessible: false, required: false };

/** An origin takes nobody's requests but CloudFront's. */
export const originLockCheck = defineCheck<readonly LockFacts[]>({
  id: 'origin-lock',
  why: 'Whoever reaches an origin past CloudFront goes past its firewall, its routing and every failover.',
  gather: async (readers) => {
    const { config } = await readJudgedConfig(readers);
    return Promise.all(Object.keys(readers.config.origins).map((id) => askTwice(id, config, readers)));
  },
  judge: (origins) => origins.map(judgeOriginLock),
});

/** One origin, as CloudFront asks it and as anybody can. */
export async function askTwice(
  id: string,
  config: DistributionConfig,
  readers: { config: Pick<EdgeConfig, 'origins' | 'health'>; ask: DoctorReaders['ask'] },
): Promise<LockFacts> {
  const target = buildProbeTarget(id, request, readers.config, config);
  const nobody = { failure: { class: 'dns' as const, detail: 'the distribution does not have it' } };
  if (target === undefined) return { origin: id, secrets: [], with: nobody, without: nobody };
  const { headers = {} } = target;
  const open = Object.entries(headers).filter(([name]) => name.toLowerCase() === 'x-region');
  const secrets = Object.keys(headers).filter((name) => name.toLowerCase() !== 'x-region');
  const [withSecrets, without] = await Promise.all([
    readers.ask(id, target),
    readers.ask(id, { ...target, headers: Object.fromEntries(open) }),
  ]);
  return { origin: id, secrets, with: withSecrets, without };
}

export function judgeOriginLock({ origin, secrets, with: known, without }: LockFacts): Finding {
  if (without.status === undefined) {
    const problem = without.failure === undefined ? 'no answer' : `${without.failure.class}: ${without.failure.detail}`;
    if (known.status !== undefined) return ok(`${origin} does not answer who lacks ${secrets.join(', ')} (${problem})`);
    return warn(
      `${origin} cannot be asked from here (${problem}); it may admit CloudFront's addresses only, which is not enough: they are every customer's`,
      'run it where the origin can be reached, to see whether it looks at the verify header',
    );
  }
  const names = secrets.join(', ');
  if (without.status < 400)
    return fail(
      `${origin} answers ${without.status} to a request without ${names === '' ? 'anything that only CloudFront knows' : names}`,
      'let its load balancer answer 403 to requests without the header x-origin-verify of distribution.json',
    );
  if (known.status === without.status && (known.status === 401 || known.status === 403))
    return fail(
      `${origin} answers ${known.status} even with ${names === '' ? 'the headers of the distribution' : names}: CloudFront is refused too`,
      'the secret at the origin is not that of the distribution: apply it, or set ORIGIN_VERIFY_SECRET right',
    );
  if (known.status === without.status)
    return warn(
      `${origin} answers ${known.status} to / with and without ${names}: that tells nothing`,
      'see that its load balancer answers 403 without the header',
    );
  return ok(`${origin} answers ${without.status} without ${names}, ${known.status ?? 'nothing'} with it`);
}
