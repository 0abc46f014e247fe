import { cutText } from '../../kvs/cut-text.ts';
import { maxValueBytes } from '../../kvs/limits.ts';
import { numberedSchema, parseJson, remembering, sequenceSchema, stateSchema } from './stored-schema.ts';

export type Verdict = 'healthy' | 'unhealthy' | 'unknown';

/** Percent of its own viewers that each origin keeps; an origin that is not named keeps 100. */
export type Weights = Readonly<Record<string, number>>;

/** What must be remembered about one origin across a restart. Times are epoch milliseconds. */
export interface OriginMemory {
  /** The verdict when the state was last written, and since when. */
  verdict: Verdict;
  since: number;
  /** When automation last changed the origin's weight; absent when it never did. */
  movedAt?: number | undefined;
  /** How often it was taken out lately: 1 is the first time, each further one doubles the hold-down. */
  flaps?: number | undefined;
  /** End of the hold-down. */
  heldUntil?: number | undefined;
}

/** An operator's override. `until` is epoch milliseconds on a whole second. */
export interface Override {
  weights: Weights;
  until: number;
  reason: string;
  by: string;
  /** When it was written, or when a flipper noted one written by hand; absent in states of earlier versions. */
  notedAt?: number | undefined;
}

/**
 * What kind of write an audit entry records: `edit` notes a record changed by hand, `restore` puts back what another
 * tool removed or spoiled.
 */
export type FlipKind = 'automatic' | 'override' | 'clear' | 'edit' | 'restore';

/** The last flip. `from` and `to` are health records. */
interface LastFlip {
  at: number;
  kind: FlipKind;
  /** Absent when there was no room for it; the audit has it. */
  from?: string | undefined;
  to: string;
  reason: string;
  by: string;
}

/** The value of the key `state`: for people and tools and for a flipper that restarts; the edge never reads it. */
export interface StateRecord {
  /** Number of the last audit entry; 0 before the first. */
  sequence: number;
  /**
   * Hash of the health record written together with this state; another record in the store means that it was changed
   * by hand.
   */
  recordHash?: string | undefined;
  /** When automation last moved a weight; absent before the first time. */
  automaticAt?: number | undefined;
  origins: Readonly<Record<string, OriginMemory>>;
  override?: Override | undefined;
  lastFlip?: LastFlip | undefined;
}

/** State that knows nothing yet. */
export const freshState: StateRecord = { sequence: 0, origins: {} };

/** Missing or unreadable text gives fresh state; a field that cannot be read is left out. */
export const parseStateRecord = remembering((text: string | undefined): StateRecord => {
  const state = stateSchema.safeParse(parseJson(text));
  if (state.success) return state.data;
  // The number is worth saving even from a damaged value: with it the audit ring goes on where it stopped.
  return { ...freshState, sequence: sequenceSchema.catch(0).parse(Number(/"sequence":(\d{1,15})/.exec(text ?? '')?.[1])) };
});

/** Whether the text is a state at all: without a sequence number it is missing, damaged or another program's. */
export const isStateReadable = remembering((text: string | undefined) => numberedSchema.safeParse(parseJson(text)).success);

/**
 * One line of JSON within a value's limit. What does not fit is left out in this order: long reasons, origins at rest,
 * the last flip.
 */
export function formatStateRecord(state: StateRecord): string {
  for (const step of shrinkSteps) {
    const text = JSON.stringify(writable(step(state)));
    if (Buffer.byteLength(text) <= maxValueBytes) return text;
  }
  const { sequence, recordHash } = state;
  return JSON.stringify(writable({ ...freshState, sequence, recordHash }));
}

const shrinkSteps: ((state: StateRecord) => StateRecord)[] = [
  (state) => state,
  (state) => withTexts(state, 120),
  (state) => withTexts(withoutFrom(state), 120),
  (state) => withTexts(withoutFrom(atWork(state, 8)), 80),
  (state) => withTexts(withoutFrom(atWork(state, 4)), 40),
  (state) => withoutLastFlip(withTexts(atWork(state, 4), 40)),
  (state) => ({ ...withoutLastFlip(withTexts(state, 24)), origins: {} }),
];

function withTexts(state: StateRecord, maxBytes: number): StateRecord {
  const short = <T extends { reason: string; by: string }>(note: T): T => ({
    ...note,
    reason: cutText(note.reason, maxBytes),
    by: cutText(note.by, 48),
  });
  return { ...state, override: state.override && short(state.override), lastFlip: state.lastFlip && short(state.lastFlip) };
}

function withoutFrom(state: StateRecord): StateRecord {
  return { ...state, lastFlip: state.lastFlip && { ...state.lastFlip, from: undefined } };
}

function withoutLastFlip(state: StateRecord): StateRecord {
  return { ...state, lastFlip: undefined };
}

/** Only origins with something to remember, those moved last first. */
function atWork(state: StateRecord, most: number): StateRecord {
  const entries = Object.entries(state.origins).filter(([, memory]) => memory.verdict !== 'healthy' || memory.flaps !== undefined);
  entries.sort(([, a], [, b]) => (b.movedAt ?? 0) - (a.movedAt ?? 0));
  return { ...state, origins: Object.fromEntries(entries.slice(0, most)) };
}

/** Times as ISO text, since people read this in the console. */
function writable(state: StateRecord): unknown {
  const { sequence, recordHash, automaticAt, origins, override, lastFlip } = state;
  return {
    sequence,
    recordHash,
    automaticAt: iso(automaticAt),
    origins: Object.fromEntries(
      Object.entries(origins).map(([id, memory]) => [
        id,
        { ...memory, since: iso(memory.since), movedAt: iso(memory.movedAt), heldUntil: iso(memory.heldUntil) },
      ]),
    ),
    override: override && { ...override, until: iso(override.until), notedAt: iso(override.notedAt) },
    lastFlip: lastFlip && { ...lastFlip, at: iso(lastFlip.at) },
  };
}

/** ISO 8601 with milliseconds; undefined stays so, as does a time that no Date can hold. */
export function iso(at: number | undefined): string | undefined {
  const date = new Date(at ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
