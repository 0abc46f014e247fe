import { parseHealthRecord } from '../../kvs/health-record.ts';
import type { EdgeConfig } from '../config/edge-config.ts';
import { orderOf, routingOf } from '../config/services.ts';
import { type Asked, askFunction, someIp, type Viewer } from '../edge/ask/ask.ts';

/** The viewer of one row. */
export interface Asker {
  name: string;
  /** The viewers it may be: only the local edge accepts a country from the request, a real edge locates this machine. */
  viewers: readonly Viewer[];
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
  config: Pick<EdgeConfig, 'routes'> & Partial<Pick<EdgeConfig, 'defaultOrder' | 'services'>>,
  { isLocal, country, path }: { isLocal: boolean; country: string | undefined; path: string },
): Asker[] {
  const uri = path.split('?', 1)[0] ?? path;
  const { routes } = routingOf({ defaultOrder: [], ...config }, uri) ?? { routes: [] };
  const viewer = (from: string | undefined, ip = someIp): Viewer => ({ country: from, method: 'GET', ip, uri });
  const countries = country === undefined ? [...routes.flatMap((route) => route.countries), undefined] : [country];
  if (isLocal) return countries.map((from) => ({ name: from ?? 'others', viewers: [viewer(from)] }));
  const addresses = Array.from({ length: sampleSize }, (_, n) => `198.51.100.${n}`);
  return [{ name: country ?? 'from here', viewers: countries.flatMap((from) => addresses.map((ip) => viewer(from, ip))) }];
}

/** By running the function on the live record. */
export async function expectByFunction(asked: Asked, record: string | undefined, askers: readonly Asker[]): Promise<Expected[]> {
  const isPartial = (parseHealthRecord(record ?? '') ?? []).some(({ weight }) => weight % 100 !== 0);
  const questions = askers.flatMap((asker, index) =>
    asker.viewers.filter((viewer, place) => isPartial || isFirstOfCountry(asker, viewer, place)).map((viewer) => ({ index, viewer })),
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

/** Without the record: the first origin of the configured order, and the others as fallback; none for a path that passes through. */
export function expectByConfiguration(
  config: Pick<EdgeConfig, 'routes' | 'defaultOrder' | 'services'>,
  askers: readonly Asker[],
): Expected[] {
  const orderOfViewer = ({ country, uri = '/' }: Viewer) => {
    const routing = routingOf(config, uri);
    return routing === undefined ? [] : orderOf(routing, country);
  };
  return askers.map(({ viewers }) => expectOrders(viewers.map(orderOfViewer), false));
}

function expectOrders(orders: readonly (readonly string[])[], isRecordKnown: boolean): Expected {
  const right = [...new Set(orders.flatMap((order) => order.slice(0, 1)))];
  return { right, fallback: [...new Set(orders.flat())].filter((origin) => !right.includes(origin)), isRecordKnown };
}
