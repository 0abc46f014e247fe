import type { EdgeConfig } from '../config/edge-config.ts';
import { formatDuration } from '../text/duration.ts';
import { formatTable } from '../text/format-table.ts';
import type { CostItem } from './cost-item.ts';
import { assumptions, estimateCost, monthMs, type Schedule } from './estimate-cost.ts';
import { prices } from './prices.ts';

/** The ways to run the flipper, and what they are called. */
const ways: readonly { name: string; schedule: Schedule }[] = [
  { name: 'as a process, --watch, without its machine', schedule: { kind: 'watch' } },
  { name: 'in Lambda, infra/flipper.yaml', schedule: { kind: 'lambda' } },
  { name: 'from GitHub Actions, --once every 5 minutes', schedule: { kind: 'once', everyMs: 300_000 } },
];

/** A month's bill for each way to run the flipper with this configuration, and where the prices come from. */
export function formatCost(config: EdgeConfig): { value: object; lines: string[] } {
  const bills = ways.map(({ name, schedule }) => ({ name, schedule, ...estimateCost(config, schedule) }));
  const sources = listSources(bills.flatMap(({ items }) => items));
  const { recheckMs } = config.failover;
  const alone = monthMs / recheckMs;
  const lines = [
    ...bills.flatMap(({ name, ...bill }) => [`${name}: ${dollars(bill.usd)} a month`, ...formatItems(bill.items), '']),
    `probing every ${formatDuration(config.health.intervalMs)}; assumed ${assumptions.outages} outages of ${assumptions.outageMinutes} minutes a month; no free tier deducted`,
    `with peerCheckMs: 0, for a flipper that is the only one, the store is asked every ${formatDuration(recheckMs)} (recheckMs): ${Math.round(alone).toLocaleString('en')} calls, ${dollars((alone * prices.keyValueStoreCall.usd) / prices.keyValueStoreCall.per)} a month`,
    '',
    'prices',
    ...sources.map((source) => `  ${source}`),
  ];
  return { value: { bills, assumptions, prices }, lines };
}

/** Items for people, a line each. */
export function formatItems(items: readonly CostItem[]): string[] {
  return formatTable(
    items.map(({ what, detail, count, unit, usd }) => [
      `  ${what}${detail === undefined ? '' : `, ${detail}`}`,
      count >= 10 ? Math.round(count).toLocaleString('en') : String(Math.round(count * 100) / 100),
      unit,
      dollars(usd),
    ]),
    [1, 3],
  );
}

/** Where the prices of these items are from, each place once. */
export function listSources(items: readonly CostItem[]): string[] {
  return [...new Set(items.map(({ price: { source, read } }) => `${source} (${read})`))];
}

export function dollars(usd: number): string {
  return `${usd < 0 ? '−' : ''}$${Math.abs(usd).toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}
