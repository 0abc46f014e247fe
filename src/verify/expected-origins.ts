import { parseHealthRecord } from '../../kvs/health-record.ts';
import type { EdgeConfig } from '../config/edge-config.ts';
import { orderFor } from '../config/routing-schema.ts';
import { listAddresses, orderedOf, routingOf } from '../config/services.ts';
import { type Asked, askFunction, someIp, type Viewer } from '../edge/ask/ask.ts';

/** The viewer of one row. */
export interface Asker {
  name: string;
  /**
   * The viewers it may be: only the local edge accepts a country from the request, a real edge locates this machine.
   */
  viewers: readonly Viewer[];
  /** The order depends on the address, too: edge.config.ts has shares. */
  byAddress: boolean;
}

/** The origins that may answer a viewer. */
export interface Expected {
  /** Ids of origins, each once; empty when the function selects none by id. */
  right: readonly string[];
  /** Origins that may serve a request that the right one fails. */
  fallback: readonly string[];
  /** False when the health record is not known, so that a drained origin may be listed as right. */
  isRecordKnown: boolean;
}

/** Sample addresses for a viewer of unknown address, while weights are partial. */
const sampleSize = 64;

/** For the local edge every configured country and the others; for a real edge this machine. `country` selects one. */
export function listAskers(
  config: Pick<EdgeConfig, 'routes'> & Partial<Pick<EdgeConfig, 'defaultOrder' | 'defaultSlices' | 'services'>>,
  { isLocal, country, path, byAddress = false }: { isLocal: boolean; country: string | undefined; path: string; byAddress?: boolean },
): Asker[] {
  const uri = path.split('?', 1)[0] ?? path;
  const whole = { defaultOrder: [], ...config };
  const { routes } = routingOf(whole, uri) ?? { routes: [] };
  const slices = listAddresses(whole, someIp);
  const viewer = (from: string | undefined, ip = someIp): Viewer => ({ country: from, method: 'GET', ip, uri });
  const countries = country === undefined ? [...routes.flatMap((route) => route.countries), undefined] : [country];
  const isShared = byAddress || slices.length > 1;
  if (isLocal)
    return countries.flatMap((from) =>
      slices.map(({ ip, percent }) => ({
        name: `${from ?? 'others'}${percent < 100 ? `, ${percent} %` : ''}`,
        viewers: [viewer(from, ip)],
        byAddress: isShared,
      })),
    );
  const addresses = [...Array.from({ length: sampleSize }, (_, n) => `198.51.100.${n}`), ...slices.map(({ ip }) => ip)];
  const viewers = countries.flatMap((from) => addresses.map((ip) => viewer(from, ip)));
  return [{ name: country ?? 'from here', viewers, byAddress: isShared }];
}

/** By running the function on the live record. */
export async function expectByFunction(asked: Asked, record: string | undefined, askers: readonly Asker[]): Promise<Expected[]> {
  const isPartial = (parseHealthRecord(record ?? '') ?? []).some(({ weight }) => weight % 100 !== 0);
  const questions = askers.flatMap((asker, index) =>
    asker.viewers
      .filter((viewer, place) => isPartial || asker.byAddress || isFirstOfCountry(asker, viewer, place))
      .map((viewer) => ({ index, viewer })),
  );
  const decisions = await askFunction(
    asked,
    questions.map(({ viewer }) => ({ viewer, record })),
  );
  return askers.map((_, index) => {
    const mine = decisions.filter((__, place) => questions[place]?.index === index);
    return expectOrders(
      mine.map(({ origins }) => origins),
      true,
    );
  });
}

function isFirstOfCountry({ viewers }: Asker, { country }: Viewer, place: number): boolean {
  return viewers.findIndex((other) => other.country === country) === place;
}

/**
 * Without the record: the first origin of the configured order, and the others as fallback; none for a path that passes
 * through.
 */
export function expectByConfiguration(
  config: Pick<EdgeConfig, 'routes' | 'defaultOrder' | 'services'>,
  askers: readonly Asker[],
): Expected[] {
  const orderOfViewer = ({ country, ip, uri = '/' }: Viewer) => {
    const routing = routingOf(config, uri);
    return routing === undefined ? [] : orderFor(orderedOf(routing, country), ip);
  };
  return askers.map(({ viewers }) => expectOrders(viewers.map(orderOfViewer), false));
}

function expectOrders(orders: readonly (readonly string[])[], isRecordKnown: boolean): Expected {
  const right = [...new Set(orders.flatMap((order) => order.slice(0, 1)))];
  return { right, fallback: [...new Set(orders.flat())].filter((origin) => !right.includes(origin)), isRecordKnown };
}
