import type { StoreView, ViewerRequestEvent } from '../../../../src/edge/execution.ts';
import { sampleEvent } from '../../njs/sample.ts';
import type { RouterInput } from '../built-routers.ts';
import type { ConfigName } from '../configs.ts';

/** One thing that can meet the router, and what has to come of it. */
export interface RouterCase {
  when: string;
  config: ConfigName;
  input: RouterInput;
  /**
   * The chosen origin, or both of a group with `+` between; undefined when no helper is called and the behavior's own
   * origin serves.
   */
  to: string | undefined;
  /** The value of `x-origin-route`; undefined when the request goes on untouched. */
  says: string | undefined;
  /** False for what CloudFront never hands to a function, and would refuse to pass on. */
  sendable: boolean;
}

export interface Given {
  config?: ConfigName;
  country?: string;
  /** Default: the sample event's. */
  uri?: string;
  method?: string;
  ip?: string;
  /** Instead of a single country header. */
  headers?: unknown;
  record?: string;
  /** Instead of a store with this record alone. */
  store?: StoreView | undefined;
  /** Seconds since the epoch. */
  now?: number;
  spoil?: (event: { viewer?: { ip?: unknown }; request: Record<string, unknown> }) => void;
  sendable?: boolean;
}

/** The second that every case with an expiry is measured by. */
export const now = 1_764_000_000;
/** Its bucket is 40. */
export const viewer = '203.0.113.7';

/** A GET from India with the sample configuration and the record `ok`, except for the given fields. */
export function given({
  config = 'sample',
  country = 'IN',
  method = 'GET',
  ip = viewer,
  record = 'ok',
  ...more
}: Given): Omit<RouterCase, 'when' | 'to' | 'says'> {
  const headers =
    'headers' in more ? more.headers : { host: { value: 'www.example.com' }, 'cloudfront-viewer-country': { value: country } };
  const event = structuredClone({
    ...sampleEvent({
      method,
      ...(more.uri !== undefined && { uri: more.uri }),
      headers: headers as ViewerRequestEvent['request']['headers'],
    }),
    viewer: { ip },
  });
  more.spoil?.(event as never);
  const store = 'store' in more ? more.store : { values: new Map([['health', record]]) };
  return { config, input: { event, store, now: (more.now ?? now) * 1000 }, sendable: more.sendable ?? true };
}
