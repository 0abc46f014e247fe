import type { HoldReason, Move } from '../core/flip-view.ts';
import type { FailureClass } from '../core/signal.ts';
import type { Override, Verdict } from '../core/state-record.ts';
import type { Opinion } from '../core/streak.ts';
import type { ErrorCode } from '../errors.ts';

/** What the flipper reports, one JSON line each. Field names are stable: dashboards and alarms read them. */
export type FlipperEvent =
  | { event: 'start'; mode: 'watch' | 'once'; shadow: boolean; by: string; origins: readonly string[] }
  /** One probe of one signal. */
  | {
      event: 'probe';
      origin: string;
      signal: string;
      opinion: Opinion;
      latencyMs: number;
      class?: FailureClass;
      detail?: string;
    }
  | { event: 'verdict'; origin: string; from: Verdict; to: Verdict; why?: string }
  /** The live record was read. */
  | { event: 'record'; record: string; edited: boolean; override?: Override }
  /** Nothing is moved; logged when the reason changes. `verdict` is the origin's. */
  | { event: 'hold'; reason: HoldReason; origin?: string; verdict?: Verdict }
  /** Traffic was moved, or would have been under `shadow`. */
  | {
      event: 'flip';
      shadow: boolean;
      kind: 'protect' | 'return';
      sequence: number;
      from: string;
      to: string;
      reason: string;
      moves: readonly Move[];
      /** Writes that were tried. */
      attempts: number;
      durationMs: number;
    }
  /** A record changed by hand was noted in the audit, its weights left as they are. */
  | { event: 'edit'; sequence: number; record: string }
  /**
   * Keys of ours are missing, unreadable or older than they were. The edge read `found`; the flipper goes on from
   * `record`.
   */
  | { event: 'store-damaged'; keys: readonly string[]; found: string; record: string; override?: Override }
  /** What was missing or damaged is in the store again. */
  | { event: 'restore'; sequence: number; record: string }
  /** An override has been in the store for more than 72 h; once per override. */
  | { event: 'long-override'; record: string; override: Override; ageMs: number }
  /** This machine's clock is ahead of the store's, or behind it when negative, by more than 30 s. */
  | { event: 'clock-skew'; skewMs: number }
  /** The store holds what was written. */
  | { event: 'verified'; sequence: number; durationMs: number }
  /** It does not, or it did not answer. */
  | { event: 'unverified'; sequence: number; detail: string }
  /** The store could not be read or written. The flipper tries again. */
  | { event: 'store-failed'; code: ErrorCode | 'BUG'; message: string; retryInMs: number }
  /** A channel took the notification of the event that `of` names. */
  | { event: 'notified'; channel: string; of: string; attempts: number; durationMs: number }
  /** This channel did not take it. Nothing waits for that. */
  | { event: 'notify-failed'; channel: string; of: string; attempts: number; detail: string }
  | { event: 'stop' };

/** Events that only a store in reach makes. */
export const storeAnswers: ReadonlySet<FlipperEvent['event']> = new Set(['record', 'flip', 'edit', 'restore', 'verified']);

/** Takes an event; must neither throw nor block. `at` is epoch milliseconds. */
export type FlipperLog = (event: FlipperEvent, at: number) => void;
