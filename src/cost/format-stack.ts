import { formatTable } from '../text/format-table.ts';
import { paint } from '../text/paint.ts';
import { type CostItem, sumUsd } from './cost-item.ts';
import type { CostPart, compareWays } from './estimate-stack.ts';
import { dollars, formatItems, listSources } from './format-cost.ts';

export interface StackReport {
  parts: readonly CostPart[];
  usd: number;
  /** The bill of a month without a request. */
  fixedUsd: number;
  credits: readonly { what: string; usd: number }[];
  /** The credits are taken off. */
  isFreeTierDeducted: boolean;
  ways: ReturnType<typeof compareWays>;
}

/** How many kinds of items are named as those that dominate. */
const largest = 6;

/** The bill for people: what each part costs, what dominates, and what other ways would cost; with `all` every item and where its price is from. */
export function formatStack(report: StackReport, { all, colour }: { all: boolean; colour: boolean }): string[] {
  const { parts, usd, fixedUsd, credits, isFreeTierDeducted, ways } = report;
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
    '',
    `${dollars(fixedUsd)} without a single request, ${dollars(usd - fixedUsd)} for the traffic`,
    ...(isFreeTierDeducted ? [] : [`free tiers, not deducted: ${dollars(credit)} (--free-tier)`]),
    '',
    ...(all
      ? parts.flatMap((part) => [bold(part.name), ...formatItems(part.items), ''])
      : [bold('what dominates'), ...formatLargest(items, share), '']),
    bold('choosing an origin, and knowing which one is well'),
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
  return `${prices.length} prices, ${unverified} of them unverified; --all says where each one is from`;
}
