import { randomBytes } from 'node:crypto';
import { setTimeout as sleepFor } from 'node:timers/promises';
import type { CloudFrontClient } from '@aws-sdk/client-cloudfront';
import { backoffMs, type RetryOptions, retryCall } from '../aws/retry.ts';
import type { EdgeConfig } from '../config/edge-config.ts';
import type { FlagStore } from '../core/flag-store.ts';
import type { AnyRuntime } from '../explain/run-all.ts';
import type { StepTools } from './open-steps.ts';
import { plainName } from './publish-comment.ts';
import type { Fixture } from './read-fixtures.ts';

/** What publishing works with; what has a default may be left out. */
export interface PublishTools extends Partial<StepTools>, Partial<Pick<RetryOptions, 'sleep' | 'random' | 'signal'>> {
  cloudFront: CloudFrontClient;
  /** Of the store that the function reads, or the way to find it and to wait until it is READY: taken only when something is to be published. */
  keyValueStoreArn: string | (() => Promise<string>);
  config: EdgeConfig;
  /** See `findNjs`; without it the engine is not asked about the code. */
  njs: string | undefined;
  /** Where versions are recorded, given the store's ARN. Default: nowhere, and then they cannot be rolled back. */
  openStore?: (arn: string) => Promise<FlagStore>;
  /** An engine for what TestFunction cannot show, the chosen origins. Default: njs, and without it they are not proven. */
  openRuntime?: () => Promise<AnyRuntime>;
  /** Default: those of test/fixtures/events. */
  fixtures?: readonly Fixture[];
  /** Who publishes. Default `somebody`. */
  by?: string;
  /** Of the working tree, see `readRevision`. */
  revision?: string | undefined;
  /** Called before the first write, after everything that can be known by then was shown; throws when this must not be written. Default: nothing. */
  confirm?: (release: PlannedRelease) => Promise<void>;
  /** Tells two releases of the same code, author and second apart. Default: random. */
  nonce?: () => string;
  /** Width for tables, default 80. */
  columns?: number;
  colour?: boolean;
}

/** What is about to be written. */
export interface PlannedRelease {
  name: string;
  version: number;
  sha256: string;
  keyValueStoreArn: string;
}

export interface PublishOptions {
  /** Percent of the allowed compute that a fixture may take; default 60. */
  maxUtilization?: number;
  /** Replace code that somebody else left in DEVELOPMENT or made LIVE by other means. */
  force?: boolean;
}

/** The tools that release a candidate, every default filled in. */
export interface ResolvedTools extends StepTools {
  by: string;
  random: () => number;
  nonce: () => string;
  sleep: (ms: number) => Promise<void>;
  /** Repeats a call after a passing failure, bounded and jittered; conflicts are the caller's. */
  retry: <T>(doing: string, call: () => Promise<T>) => Promise<T>;
  /** Waits before the next try after this many failed ones. */
  pause: (failed: number) => Promise<void>;
}

/** Fills in the defaults: the clock, real waiting, nothing told. */
export function resolveTools(tools: PublishTools): ResolvedTools {
  const { signal, now = Date.now, log = () => undefined, progress = () => undefined, random = Math.random } = tools;
  const sleep = tools.sleep ?? ((ms) => sleepFor(ms, undefined, { signal }));
  return {
    by: plainName(tools.by ?? 'somebody'),
    now,
    log,
    progress,
    random,
    nonce: tools.nonce ?? (() => randomBytes(6).toString('base64url')),
    sleep,
    retry: (doing, call) => {
      signal?.throwIfAborted();
      return retryCall(doing, call, { sleep, random, log: progress, signal });
    },
    pause: (failed) => sleep(backoffMs(failed, random)),
  };
}
