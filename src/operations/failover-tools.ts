import type { FlagStore } from '../health/key-change.ts';
import type { EdgeView } from './edge-view.ts';
import type { Sounding } from './judge-origins.ts';
import type { Audience } from './viewer-shares.ts';

/** What the operator's commands work with. */
export interface FailoverTools {
  store: FlagStore;
  /** Undefined when the edge shall not or cannot be asked. */
  edge: EdgeView | undefined;
  origins: readonly string[];
  audiences: readonly Audience[];
  /** Asks an origin itself, so that viewers are not sent where nobody has looked lately. */
  sound: (origin: string) => Promise<Sounding>;
  /** Who writes. */
  by: string;
  /** Write without asking. */
  yes: boolean;
  /** Ask the edge afterwards. */
  verify: boolean;
  verifyTimeoutMs: number;
  /** Between two redraws of `status --watch`. Each costs an API call. */
  watchMs: number;
  sleep: (ms: number) => Promise<void>;
}
