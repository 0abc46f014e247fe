import { randomBytes } from 'node:crypto';
import { setTimeout as sleepFor } from 'node:timers/promises';
import type { CloudFrontClient } from '@aws-sdk/client-cloudfront';
import { backoffMs, type RetryOptions, retryCall } from '../aws/retry.ts';
import type { EdgeConfig } from '../config/edge-config.ts';
import type { FlagStore } from '../core/flag-store.ts';
import type { AnyRuntime } from '../edge/ask/ask.ts';
import type { Comparison } from '../edge/ask/survey.ts';
import type { Fixture } from './fixtures.ts';
import { plainName } from './stage.ts';

/** What publishing works with; every `?` has a default. */
export interface PublishTools extends Partial<Pick<RetryOptions, 'sleep' | 'random' | 'signal'>> {
  cloudFront: CloudFrontClient;
  /** Of the store that the function reads, or a way to find it and to wait until it is READY. */
  keyValueStoreArn: string | (() => Promise<string>);
  config: EdgeConfig;
  /** See `findNjs`; without it no engine checks the code. */
  njs: string | undefined;
  /** Where versions are recorded, given the store's ARN. Default: nowhere, and then no version can be rolled back. */
  openStore?: (arn: string) => Promise<FlagStore>;
  /** Runs the code where TestFunction shows too little, and must judge runs as CloudFront does. Default: njs. */
  openRuntime?: () => Promise<AnyRuntime>;
  /** Default: those of functions/events. */
  fixtures?: readonly Fixture[];
  /** Who publishes. Default `unknown`. */
  by?: string;
  /** Of the working tree, see `readRevision`. */
  revision?: string | undefined;
  /**
   * Called before the first write, after all checks that need no write; throws to stop the release. Default: nothing.
   */
  confirm?: (release: PlannedRelease) => Promise<void>;
  /** Distinguishes two releases of the same code, author and second. Default: random. */
  nonce?: () => string;
  now?: () => number;
  /** Called for each step as it ends, and for each note. Default: nothing. */
  report?: (event: PublishEvent) => void;
  /** One line about what is happening now; the next line replaces it. Default: nothing. */
  progress?: (line: string) => void;
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
  /** Replace code that another publisher left in DEVELOPMENT, or that became LIVE by other means. */
  force?: boolean;
}

/** Code that is to become LIVE. */
export interface Candidate {
  code: Uint8Array;
  /** Hex. */
  sha256: string;
  revision: string | undefined;
  /**
   * A rollback: the version whose code this is. Only a failing run stops it, neither newer rules nor unpublished code.
   */
  of?: number;
}

/** One step that has ended. */
interface PublishStep {
  step: string;
  /** What it found or did, for people. */
  result: string;
  durationMs: number;
}

export type PublishEvent = ({ kind: 'step' } & PublishStep) | { kind: 'note'; note: string } | { kind: 'changes'; changes: Comparison[] };

export interface Release {
  outcome: 'published' | 'unchanged';
  name: string;
  arn: string;
  bytes: number;
  /** SHA-256 of the code, hex. */
  sha256: string;
  /** Undefined when LIVE was unchanged and its comment is not ours. */
  version: number | undefined;
  steps: PublishStep[];
  notes: string[];
  /**
   * The viewers that the code routes differently from what was LIVE before; empty when nothing changes or nothing ran
   * both.
   */
  changes: Comparison[];
  /** Whether njs accepted the code; `absent`: it was published without that check. */
  njs: 'passed' | 'absent';
}

/** The tools with every default filled in. */
export interface ResolvedTools extends PublishTools {
  by: string;
  random: () => number;
  nonce: () => string;
  sleep: (ms: number) => Promise<void>;
  now: () => number;
  progress: (line: string) => void;
  /** Repeats a call after a passing failure, bounded and jittered; conflicts are the caller's. */
  retry: <T>(doing: string, call: () => Promise<T>) => Promise<T>;
  /** Waits before the next try after this many failed ones. */
  pause: (failed: number) => Promise<void>;
  /** The same tools for what must still be read after the signal was aborted. */
  withoutSignal: () => ResolvedTools;
}

/** Fills in every default: the clock, real waiting, no reports. */
export function resolveTools(tools: PublishTools): ResolvedTools {
  const { signal, now = Date.now, progress = () => undefined, random = Math.random } = tools;
  const sleep = tools.sleep ?? ((ms) => sleepFor(ms, undefined, { signal }));
  return {
    ...tools,
    by: plainName(tools.by ?? 'unknown'),
    now,
    progress,
    random,
    nonce: tools.nonce ?? (() => randomBytes(6).toString('base64url')),
    sleep,
    retry: (doing, call) => {
      signal?.throwIfAborted();
      return retryCall(doing, call, { sleep, random, log: progress, signal });
    },
    pause: (failed) => sleep(backoffMs(failed, random)),
    withoutSignal: () => {
      const { signal: _, ...others } = tools;
      return resolveTools(others);
    },
  };
}

/** Runs the steps of a release one after the other, reports each as it ends, and keeps what the result shows. */
export interface Steps extends Pick<Release, 'steps' | 'notes' | 'changes'> {
  run<T>(step: string, act: () => Promise<T>, describe: (result: T) => string): Promise<T>;
  note(note: string): void;
  showChanges(changes: readonly Comparison[]): void;
}

export function openSteps({ report = () => undefined, progress, now }: Pick<ResolvedTools, 'report' | 'progress' | 'now'>): Steps {
  const kept: Pick<Release, 'steps' | 'notes' | 'changes'> = { steps: [], notes: [], changes: [] };
  return {
    ...kept,
    run: async (step, act, describe) => {
      progress(`${step} …`);
      const startedAt = now();
      const value = await act();
      const ended = { step, result: describe(value), durationMs: now() - startedAt };
      kept.steps.push(ended);
      report({ kind: 'step', ...ended });
      return value;
    },
    note: (note) => {
      kept.notes.push(note);
      report({ kind: 'note', note });
    },
    showChanges: (changes) => {
      kept.changes.push(...changes);
      report({ kind: 'changes', changes: [...changes] });
    },
  };
}
