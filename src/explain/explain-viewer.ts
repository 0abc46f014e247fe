import { formatHealthRecord, parseHealthRecord, weightAt } from '../../kvs/health-record.ts';
import type { EdgeConfig } from '../config/edge-config.ts';
import { type Asked, askFunction } from './ask-function.ts';
import type { Decision } from './decision.ts';
import { findOrders } from './find-orders.ts';
import type { Viewer } from './viewer-event.ts';

/** One origin of a viewer's order and what the record says about it. */
export interface ConsideredOrigin {
  id: string;
  weight: number;
  /** Epoch seconds: when the entry in force ends; undefined when it never does, or there is none. */
  until: number | undefined;
  /** From 1, the place in what the function chose; undefined when it did not choose this one. */
  place: number | undefined;
}

/** Why one viewer goes where. */
export interface Explanation {
  viewer: Viewer;
  /** Undefined when the key is missing. */
  record: string | undefined;
  /** False: the edge takes the text for `ok`. */
  isRecord: boolean;
  origins: ConsideredOrigin[];
  /** Where edge.config.ts says so: `routes[0]`, `defaultOrder`; undefined for code that was not built from it. */
  rule: string | undefined;
  /** 0 to 99, stable per viewer: the viewer takes an origin whose weight exceeds it. Undefined while no weight is partial. */
  bucket: number | undefined;
  /** No origin had a weight that took the viewer: the whole order is kept. */
  failedOpen: boolean;
  decision: Decision;
}

/** Asks the function about a viewer, and enough more to tell why: nothing of its logic is repeated here. */
export async function explainViewer(
  asked: Asked,
  { viewer, record, config }: { viewer: Viewer; record: string | undefined; config: Pick<EdgeConfig, 'routes'> | undefined },
): Promise<Explanation> {
  const [[order = []], [decision]] = await Promise.all([findOrders(asked, [viewer.country]), askFunction(asked, [{ viewer, record }])]);
  if (decision === undefined) throw new Error('the function was not run');
  const parsed = record === undefined ? [] : parseHealthRecord(record);
  const entries = parsed ?? [];
  const nowSeconds = asked.now / 1_000;
  const origins = order.map((id) => {
    const entry = entries.find(({ origin, until }) => origin === id && (until === undefined || until > nowSeconds));
    const place = decision.origins.indexOf(id) + 1;
    return { id, weight: weightAt(entries, id, nowSeconds), until: entry?.until, place: place === 0 ? undefined : place };
  });
  const isPartial = origins.some(({ weight }) => weight % 100 !== 0);
  const bucket = isPartial ? await findBucket(asked, viewer, order) : undefined;
  const route = config?.routes.findIndex(({ countries }) => viewer.country !== undefined && countries.includes(viewer.country));
  return {
    viewer,
    record,
    isRecord: parsed !== undefined,
    origins,
    rule: route === undefined ? undefined : route < 0 ? 'defaultOrder' : `routes[${route}]`,
    bucket,
    failedOpen: origins.length > 0 && origins.every(({ weight }) => weight <= (bucket ?? 0)),
    decision,
  };
}

/** The viewer's bucket: one less than the smallest weight at which the first origin takes the viewer. Undefined when no weight makes a difference. */
async function findBucket(asked: Asked, viewer: Viewer, order: readonly string[]): Promise<number | undefined> {
  const [first] = order;
  if (first === undefined || order.length < 2) return undefined;
  const weights = Array.from({ length: 100 }, (_, index) => index + 1);
  const decisions = await askFunction(
    asked,
    weights.map((weight) => ({ viewer: { ...viewer, method: 'POST' }, record: formatHealthRecord([{ origin: first, weight }]) })),
  );
  const taken = decisions.findIndex(({ origins }) => origins[0] === first);
  return taken < 0 ? undefined : taken;
}
