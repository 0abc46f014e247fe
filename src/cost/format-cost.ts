import type { EdgeConfig } from '../config/edge-config.ts';
import { formatTable, paint } from '../text/terminal-text.ts';
import { formatDuration } from '../text/time.ts';
import type { CostPart, compareWays, StandIn } from './cost.ts';
import { assumptions, estimateCost, monthMs, type Schedule } from './flipper-cost.ts';
import { type CostItem, prices, sumUsd } from './prices.ts';

/** The ways to run the flipper. */
const ways: readonly { name: string; schedule: Schedule }[] = [
  { name: 'as a process, --watch, without its machine', schedule: { kind: 'watch' } },
  { name: 'in Lambda, infra/flipper.yaml', schedule: { kind: 'lambda' } },
  { name: 'from GitHub Actions, --once every 5 minutes', schedule: { kind: 'once', everyMs: 300_000 } },
];

/** The monthly bill for each way to run the flipper, with the sources of the prices. */
export function formatCost(config: EdgeConfig): { value: object; lines: string[] } {
  const bills = ways.map(({ name, schedule }) => ({ name, schedule, ...estimateCost(config, schedule) }));
  const sources = listSources(bills.flatMap(({ items }) => items));
  const { recheckMs } = config.failover;
  const alone = monthMs / recheckMs;
  const lines = [
    ...bills.flatMap(({ name, ...bill }) => [`${name}: ${dollars(bill.usd)} a month`, ...formatItems(bill.items), '']),
    `probing every ${formatDuration(config.health.intervalMs)}; assumed ${assumptions.outages} outages of ${assumptions.outageMinutes} minutes a month; no free tier deducted`,
    `with peerCheckMs: 0, for a single flipper, the store is read every ${formatDuration(recheckMs)} (recheckMs): ${Math.round(alone).toLocaleString('en')} calls, ${dollars((alone * prices.keyValueStoreCall.usd) / prices.keyValueStoreCall.per)} a month`,
    '',
    'prices',
    ...sources.map((source) => `  ${source}`),
  ];
  return { value: { bills, assumptions, prices }, lines };
}

/** One line per item. */
function formatItems(items: readonly CostItem[]): string[] {
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

/** The sources of the prices, each once. */
function listSources(items: readonly CostItem[]): string[] {
  return [...new Set(items.map(({ price: { source, read } }) => `${source} (${read})`))];
}

function dollars(usd: number): string {
  return `${usd < 0 ? '−' : ''}$${Math.abs(usd).toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}

export interface StackReport {
  parts: readonly CostPart[];
  usd: number;
  /** The bill of a month without requests. */
  fixedUsd: number;
  credits: readonly { what: string; usd: number }[];
  /** The credits are deducted. */
  isFreeTierDeducted: boolean;
  ways: ReturnType<typeof compareWays>;
  /** Regions that have the prices of another one. */
  standIns: readonly StandIn[];
}

/** Number of items listed as the largest. */
const largest = 6;

/** The bill by part, its largest items, and other designs; with `all` every item with the source of its price. */
export function formatStack(report: StackReport, { all, colour }: { all: boolean; colour: boolean }): string[] {
  const { parts, usd, fixedUsd, credits, isFreeTierDeducted, ways, standIns } = report;
  const bold = (text: string) => paint(colour, 'bold', text);
  const items = parts.flatMap((part) => part.items);
  const credit = sumUsd(credits);
  const share = (part: number) => (usd === 0 ? '' : `${Math.round((100 * part) / usd)}%`);
  const total = isFreeTierDeducted ? usd + credit : usd;
  const bill = [
    ...parts.map((part) => [part.name, dollars(part.usd), share(part.usd)]),
    ...(isFreeTierDeducted ? credits.map(({ what, usd: each }) => [`free: ${what}`, dollars(each)]) : []),
    [bold('a month'), bold(dollars(total))],
  ];
  return [
    ...formatTable(bill, [1, 2]),
    ...standIns.map(({ region, pricesOf }) =>
      paint(colour, 'yellow', `note: ${region} has the prices of ${pricesOf}: src/cost/prices.ts has none of its own`),
    ),
    '',
    `${dollars(fixedUsd)} without a single request, ${dollars(usd - fixedUsd)} for the traffic`,
    ...(isFreeTierDeducted ? [] : [`free tiers, not deducted: ${dollars(credit)} (--free-tier)`]),
    '',
    ...(all
      ? parts.flatMap((part) => [bold(part.name), ...formatItems(part.items), ''])
      : [bold('largest items'), ...formatLargest(items, share), '']),
    bold('choosing an origin and detecting failures'),
    ...formatTable(
      ways.map(({ what, usd: each }) => [`  ${what}`, dollars(each)]),
      [1],
    ),
    '',
    ...(all ? [bold('prices'), ...listSources(items).map((source) => `  ${source}`)] : [describeSources(items)]),
  ];
}

function formatLargest(items: readonly CostItem[], share: (usd: number) => string): string[] {
  const kinds = new Map<string, number>();
  for (const { what, usd } of items) kinds.set(what, (kinds.get(what) ?? 0) + usd);
  const ranked = [...kinds].sort(([, a], [, b]) => b - a).slice(0, largest);
  return formatTable(
    ranked.map(([what, usd]) => [`  ${what}`, dollars(usd), share(usd)]),
    [1, 2],
  );
}

function describeSources(items: readonly CostItem[]): string {
  const prices = [...new Set(items.map(({ price }) => price))];
  const unverified = prices.filter(({ read }) => read.startsWith('unverified')).length;
  return `${prices.length} prices, ${unverified} of them unverified; --all shows the source of each`;
}
