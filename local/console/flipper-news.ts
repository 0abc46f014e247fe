import type { Verdict } from './wire.ts';

/** What a flipper tells the console. Its flips are not among it: the console reads every flip, an operator's too, from the audit in the store. */
export type FlipperNews =
  | { kind: 'look'; origin: string; text: string }
  | { kind: 'verdict'; origin: string; verdict: Verdict; why: string | undefined }
  /** It holds still, and why, in words; undefined when nothing stands in its way. */
  | { kind: 'hold'; text: string | undefined }
  | { kind: 'note'; tone: 'good' | 'bad' | 'plain'; text: string };
