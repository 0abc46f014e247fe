import type { FunctionSource } from '../../src/edge/execution.ts';
import type { LocalRoutes } from '../aws/transport/local-api.ts';
import type { Replica } from '../edge/replica.ts';
import type { Published } from '../published.ts';
import type { AudienceState, OverrideState, ShownVerdict } from './wire.ts';

/** A flip of the audit. */
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

/** The state of the authoritative store. */
export interface StoreStatus {
  record: string;
  isReadable: boolean;
  edited: boolean;
  origins: readonly { id: string; weight: number }[];
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

/** The local cloud as the console sees it, with the actions that it offers. */
export interface ConsoleSource {
  /** Base URL of the edge. */
  edge: string;
  origins: readonly { id: string; region: string; port: number; fault(): string }[];
  /** Names of the edge locations; the map shows the first one's decisions. */
  locations: readonly string[];
  replica: Replica;
  published: Published;
  storeArn: string;
  /** The health record's key in that store, with its prefix. */
  healthKey: string;
  /** The viewer-request function of the default behavior. */
  functionArn(): string | undefined;
  /** The name in the audit. */
  author: string;
  /** Whether a flipper runs. */
  hasFlipper: boolean;
  /** Requests per second of the simulated viewers. */
  viewers(): number;
  status(values: ReadonlyMap<string, string>, now: number): StoreStatus;
  survey(survey: Survey): Promise<AudienceState[]>;
  /** The actions, by `POST /api/name`: from a body to an answer. `problems` in it makes it a 400. */
  actions: LocalRoutes;
}

/**
 * The flipper's events for the console. Without flips: the console reads all flips, also an operator's, from the audit
 * in the store.
 */
export type FlipperNews =
  | { kind: 'probe'; origin: string; text: string }
  | { kind: 'verdict'; origin: string; verdict: ShownVerdict; why: string | undefined }
  /** Why it holds, in words; undefined when it does not. */
  | { kind: 'hold'; text: string | undefined }
  | { kind: 'note'; tone: 'good' | 'bad' | 'plain'; text: string };
