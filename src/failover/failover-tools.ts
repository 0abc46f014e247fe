import type { FlagStore } from '../core/flag-store.ts';
import type { Audience } from '../core/viewer-shares.ts';
import type { Channel } from '../flipper/notify/channel.ts';
import type { EdgeView } from '../probe/edge-view.ts';
import type { OriginProbe } from '../probe/probe-origin.ts';
import type { ExpectByLive } from './expect-at-edge.ts';

/** What the operator's commands work with. */
export interface FailoverTools {
  store: FlagStore;
  /** Undefined when the edge shall not or cannot be asked. */
  edge: EdgeView | undefined;
  origins: readonly string[];
  audiences: readonly Audience[];
  /** Undefined: the edge is compared with edge.config.ts. */
  expectByLive?: ExpectByLive | undefined;
  /** Asks an origin itself, so that viewers are not sent where nobody has looked lately. */
  proveOrigin: (origin: string) => Promise<OriginProbe>;
  /** One quick probe of an origin, for the status; undefined: the status says only what is recorded. */
  probeOrigin?: ((origin: string) => Promise<OriginProbe>) | undefined;
  /** Who writes. */
  by: string;
  /** Where an override is reported, as a flip of the flipper is. A failed notification never fails the write. */
  channels?: readonly Channel[];
  /** Where it writes, for the question; undefined: it is not said. */
  target?: string;
  /** Write without asking. */
  yes: boolean;
  /** Ask the edge afterwards. */
  verify: boolean;
  verifyTimeoutMs: number;
  /** Between two redraws of `status --watch`. Each costs an API call. */
  watchMs: number;
  sleep: (ms: number) => Promise<void>;
}
