import type { Edge } from '../../local/edge/edge.ts';
import type { EdgeRequestRecord } from '../../local/edge/exchange.ts';
import type { OriginFault } from '../../local/origin/origin-fault.ts';
import type { EdgeConfig } from '../../src/config/edge-config.ts';
import type { LocalCloud } from '../../src/config/local-cloud.ts';
import type { FlagStore } from '../../src/core/flag-store.ts';
import type { SignalSource } from '../../src/core/signal.ts';

/** What a host needs, as plain data: it crosses the border of a thread. */
export interface HostSettings {
  /**
   * `cloud` has the AWS APIs and is published to like an account; `harness` has a store in memory and starts faster.
   */
  kind: 'cloud' | 'harness';
  /** Resolved, with absolute paths of the team's own code. */
  config: EdgeConfig;
  environment: string | undefined;
  /** 0: any free ports. */
  port: number;
  /** Folder with distribution.json; undefined builds the distribution from the configuration. */
  distributionFolder: string | undefined;
  propagationMs: number;
  flipper: boolean;
}

/** An open local cloud, whichever kind. */
export interface HostedCloud {
  edge: Edge;
  description: LocalCloud;
  store: FlagStore;
  storeArn: string;
  signals: Readonly<Record<string, readonly SignalSource[]>>;
  setFault(origin: string, fault: OriginFault): Promise<void>;
  close(): Promise<void>;
}

export interface CloudTools {
  onRequest: (record: EdgeRequestRecord) => void;
  log: (line: string) => void;
}
