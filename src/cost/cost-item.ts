import type { Price } from './prices.ts';

/** One line of a month's bill. */
export interface CostItem {
  what: string;
  /** Which of several that are added up under `what`, such as a price region. */
  detail?: string;
  /** Units per month. */
  count: number;
  unit: string;
  usd: number;
  price: Price;
}

/** So many units at this price, step by step where it has steps. */
export function costItem(what: string, price: Price, count: number, detail?: string): CostItem {
  const { usd, per, unit, above = [] } = price;
  const steps = [{ units: 0, usd }, ...above];
  const total = steps.reduce((sum, step, index) => {
    const end = Math.min(count, steps[index + 1]?.units ?? Number.POSITIVE_INFINITY);
    return sum + (Math.max(0, end - step.units) / per) * step.usd;
  }, 0);
  return { what, ...(detail === undefined ? {} : { detail }), count, unit, usd: total, price };
}

export function sumUsd(items: readonly { usd: number }[]): number {
  return items.reduce((sum, { usd }) => sum + usd, 0);
}
