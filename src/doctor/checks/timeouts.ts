import type { Origin } from '@aws-sdk/client-cloudfront';
import type { EdgeConfig } from '../../config/edge-config.ts';
import { defineCheck, type Finding, fail, ok, warn } from '../check.ts';
import { listRoutedOrigins, readJudgedConfig } from '../judged-config.ts';

interface Facts {
  where: string;
  origins: readonly Origin[];
  config: Pick<EdgeConfig, 'defaultOrder' | 'routes' | 'perRequestFailover'>;
}

/** Ours: what a person still waits for, and what browsers and load balancers commonly give up at. */
const warnSeconds = 30;
const failSeconds = 60;

/** A viewer is answered in bearable time even when the first origin says nothing at all. */
export const timeoutsCheck = defineCheck<Facts>({
  id: 'timeouts',
  why: "With CloudFront's defaults, 3 connects of 10 s and 30 s of reading per try, a viewer may wait four minutes before the flag moves.",
  gather: async (readers) => {
    const { where, config } = await readJudgedConfig(readers);
    return { where, origins: listRoutedOrigins(config, readers.config), config: readers.config };
  },
  judge: judgeTimeouts,
});

export function judgeTimeouts({ where, origins, config }: Facts): readonly Finding[] {
  const seconds = new Map(origins.map((origin) => [origin.Id ?? '', worstSeconds(origin)]));
  const orders = [config.defaultOrder, ...config.routes.map(({ order }) => order)];
  const waits = orders.map((order) => {
    const tried = order.slice(0, config.perRequestFailover ? 2 : 1);
    return { tried, total: tried.reduce((sum, id) => sum + (seconds.get(id) ?? 0), 0) };
  });
  const worst = waits.reduce((longest, wait) => (wait.total > longest.total ? wait : longest));
  const parts = worst.tried.map((id) => `${id} ${seconds.get(id) ?? 0} s`).join(', then ');
  const found = `${where}: a GET may take ${worst.total} s (${parts})`;
  const mend =
    'lower ConnectionAttempts, ConnectionTimeout and OriginReadTimeout of the origins; distribution.json as it came has 1, 2 s and 10 s';
  if (worst.total > failSeconds) return [fail(found, mend)];
  return worst.total > warnSeconds ? [warn(found, mend)] : [ok(found)];
}

/** Each attempt connects at the last moment and then waits in vain; GET is read again as often as it is connected (DG DownloadDistValuesOrigin.html). */
function worstSeconds({ ConnectionAttempts = 3, ConnectionTimeout = 10, CustomOriginConfig }: Origin): number {
  return ConnectionAttempts * (ConnectionTimeout + (CustomOriginConfig?.OriginReadTimeout ?? 30));
}
