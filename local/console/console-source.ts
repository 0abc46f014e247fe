import type { FunctionSource } from '../../src/edge/execution.ts';
import type { LocalRoutes } from '../aws/transport/local-api.ts';
import type { Replica } from '../edge/replica.ts';
import type { Published } from '../published.ts';
import type { AudienceState, OverrideState } from './wire.ts';

/** A flip as the audit in the store keeps it. */
interface KeptFlip {
  sequence: number;
  at: number;
  kind: string;
  from?: string | undefined;
  to: string;
  reason: string;
  by: string;
  breakGlass?: string | undefined;
}

/** What the authoritative store says at a moment. */
export interface StoreStatus {
  record: string;
  isReadable: boolean;
  edited: boolean;
  origins: readonly { id: string; weight: number }[];
  override: OverrideState | undefined;
  /** The newest first; a flip that is not among them any more is not shown. */
  lastFlips: readonly KeptFlip[];
}

/** What the function is asked about everybody. */
export interface Survey {
  source: FunctionSource;
  /** Undefined when the key is missing. */
  record: string | undefined;
  /** Every read of the store fails. */
  failReads: boolean;
  /** Epoch milliseconds. */
  now: number;
}

/** The local cloud as the console sees it, and what it may ask and do: brought along by who opens it. */
export interface ConsoleSource {
  /** Base URL of the edge. */
  edge: string;
  origins: readonly { id: string; region: string; port: number; fault(): string }[];
  /** Names of the edge locations; the map shows the first one's decisions. */
  locations: readonly string[];
  replica: Replica;
  published: Published;
  storeArn: string;
  /** The viewer-request function of the default behavior. */
  functionArn(): string | undefined;
  /** Whom the audit will name. */
  author: string;
  /** Whether a flipper runs. */
  hasFlipper: boolean;
  /** Requests a second of the viewers that the console plays. */
  viewers(): number;
  status(values: ReadonlyMap<string, string>, now: number): StoreStatus;
  survey(survey: Survey): Promise<AudienceState[]>;
  /** What a page may do, by `POST /api/name`: from a body to an answer; `problems` in it make it a 400. */
  actions: LocalRoutes;
}
