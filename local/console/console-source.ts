import type { FunctionSource } from '../../src/edge/execution.ts';
import type { LocalRoutes } from '../aws/transport/local-api.ts';
import type { Replica } from '../edge/replica.ts';
import type { Published } from '../published.ts';
import type { AudienceState, CallsState, OverrideState, Second, ShownVerdict, TargetState } from './wire.ts';

/** A flip of the audit. */
export interface KeptFlip {
  sequence: number;
  at: number;
  kind: string;
  from?: string | undefined;
  to: string;
  reason: string;
  by: string;
  breakGlass?: string | undefined;
  /** End of an override. */
  until?: number | undefined;
}

/** The state of the authoritative store. */
export interface StoreStatus {
  record: string;
  isReadable: boolean;
  edited: boolean;
  /** With the verdict that the store has, which counts until a fresher one is known. */
  origins: readonly { id: string; weight: number; verdict: ShownVerdict; since: number | undefined }[];
  override: OverrideState | undefined;
  /** The newest first; only these are shown. */
  lastFlips: readonly KeptFlip[];
}

/** One run of the function for every country. */
export interface Survey {
  source: FunctionSource;
  /** Undefined when the key is missing. */
  record: string | undefined;
  /** Every read of the store fails. */
  failReads: boolean;
  /** Epoch milliseconds. */
  now: number;
}

/** What the console shows, with the actions that it offers: a local cloud or an account. */
export interface ConsoleSource {
  target: TargetState;
  /** Base URL of the edge. */
  edge: string | null;
  /** `fault` is null where an origin cannot be broken from here. */
  origins: readonly { id: string; region: string; port: number | null; fault(): string | null }[];
  /**
   * Names of the edge locations; the map shows the first one's decisions. Empty where no copy can be read: the store's
   * record then counts.
   */
  locations: readonly string[];
  replica: Pick<Replica, 'read' | 'settlesAt'> & { faults: Replica['faults'] | null };
  published: Pick<Published, 'liveFunction' | 'store'>;
  storeArn: string;
  /** The health record's key in that store, with its prefix. */
  healthKey: string;
  /** The viewer-request function of the default behavior. */
  functionArn(): string | undefined;
  /** The name in the audit. */
  author: string;
  /** Whether a flipper runs, as far as it is known. */
  hasFlipper: boolean;
  /** Time between two of its probes; null when unknown. */
  probeEveryMs: number | null;
  /** Requests per second of the simulated viewers; null where there are none. */
  viewers(): number | null;
  /** Called when a page opens. */
  onPage?(): void;
  /** What it knows besides, for an account: traffic of CloudWatch or a log, calls, hints. */
  more?: {
    stepMs: number;
    seconds(): readonly Second[];
    calls(): CallsState;
    hints(): readonly string[];
    logs(): readonly string[];
    readAt(): number | null;
  };
  status(values: ReadonlyMap<string, string>, now: number): StoreStatus;
  survey(survey: Survey): Promise<AudienceState[]>;
  /** The actions, by `POST /api/name`: from a body to an answer. `problems` in it makes it a 400. */
  actions: LocalRoutes;
  /** Every request must carry this as the cookie that the address with `?token=` sets. Default: no token is needed. */
  token?: string;
  /** Why no action is allowed; absent when they are. */
  refuseWrites?: string;
}

/**
 * The flipper's events for the console. Without flips: the console reads all flips, also an operator's, from the audit
 * in the store.
 */
export type FlipperNews =
  | { kind: 'probe'; origin: string; opinion: 'good' | 'bad' | 'none'; text: string }
  | { kind: 'verdict'; origin: string; verdict: ShownVerdict; why: string | undefined }
  /** Why it holds, in words; undefined when it does not. */
  | { kind: 'hold'; text: string | undefined }
  | { kind: 'note'; tone: 'good' | 'bad' | 'plain'; text: string };
