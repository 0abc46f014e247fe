import { maxValueBytes } from '../../kvs/limits.ts';
import { cutText } from '../text/cut-text.ts';

export type Verdict = 'healthy' | 'unhealthy' | 'unknown';

/** Percent of its own viewers that each origin keeps; an origin that is not named keeps 100. */
export type Weights = Readonly<Record<string, number>>;

/** What must be remembered about one origin across a restart. Times are epoch milliseconds. */
export interface OriginMemory {
  /** The verdict when the state was last written, and since when it stood. */
  verdict: Verdict;
  since: number;
  /** When automation last changed the origin's weight; absent when it never did. */
  movedAt?: number;
  /** How often it was taken out lately: 1 is the first time, each further one doubles the hold-down. */
  flaps?: number;
  /** End of the hold-down. */
  heldUntil?: number;
}

/** An operator's override. `until` is epoch milliseconds on a whole second. */
export interface Override {
  weights: Weights;
  until: number;
  reason: string;
  by: string;
}

/** What kind of write an audit entry records: `edit` notes a record changed by hand, `restore` puts back what another tool removed or spoiled. */
export type FlipKind = 'automatic' | 'override' | 'clear' | 'edit' | 'restore';

/** The last flip. `from` and `to` are health records. */
interface LastFlip {
  at: number;
  kind: FlipKind;
  /** Absent when there was no room for it; the audit has it. */
  from?: string;
  to: string;
  reason: string;
  by: string;
}

/** The value of the key `state`: for people and tools and for a flipper that restarts; the edge never reads it. */
export interface StateRecord {
  /** Number of the last audit entry; 0 before the first. */
  sequence: number;
  /** Fingerprint of the health record written together with this state; another record there means somebody changed it by hand. */
  recordHash?: string;
  /** When automation last moved a weight; absent before the first time. */
  automaticAt?: number;
  origins: Readonly<Record<string, OriginMemory>>;
  override?: Override;
  lastFlip?: LastFlip;
}

/** State that knows nothing yet. */
export const freshState: StateRecord = { sequence: 0, origins: {} };

/** Missing or unreadable text gives fresh state, a field that cannot be read is left out: the live health record is the truth, this only explains it. */
export function parseStateRecord(text: string | undefined): StateRecord {
  const raw = parseObject(text);
  // The number is worth saving even from a damaged value: with it the audit ring goes on where it stopped.
  if (raw === undefined) return { ...freshState, sequence: parseSequence(Number(/"sequence":(\d{1,15})/.exec(text ?? '')?.[1])) };
  const override = parseOverride(raw['override']);
  const lastFlip = parseLastFlip(raw['lastFlip']);
  return {
    sequence: parseSequence(raw['sequence']),
    ...(typeof raw['recordHash'] === 'string' ? { recordHash: raw['recordHash'] } : {}),
    ...optionalTime('automaticAt', raw['automaticAt']),
    origins: parseOrigins(raw['origins']),
    ...(override === undefined ? {} : { override }),
    ...(lastFlip === undefined ? {} : { lastFlip }),
  };
}

/** Whether the text is a state at all: without a sequence number it is missing, damaged or another program's. */
export function isStateReadable(text: string | undefined): boolean {
  const sequence = parseObject(text)?.['sequence'];
  return sequence === 0 || parseSequence(sequence) > 0;
}

/** One line of JSON within a value's limit. What does not fit is left out, the least needed first: long reasons, origins at rest, the last flip. */
export function formatStateRecord(state: StateRecord): string {
  for (const step of shrinkSteps) {
    const text = JSON.stringify(writable(step(state)));
    if (Buffer.byteLength(text) <= maxValueBytes) return text;
  }
  const { sequence, recordHash } = state;
  return JSON.stringify(writable({ ...freshState, sequence, ...(recordHash === undefined ? {} : { recordHash }) }));
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
  return {
    ...state,
    ...(state.override === undefined ? {} : { override: short(state.override) }),
    ...(state.lastFlip === undefined ? {} : { lastFlip: short(state.lastFlip) }),
  };
}

function withoutFrom(state: StateRecord): StateRecord {
  if (state.lastFlip === undefined) return state;
  const { from: _, ...lastFlip } = state.lastFlip;
  return { ...state, lastFlip };
}

function withoutLastFlip({ lastFlip: _, ...state }: StateRecord): StateRecord {
  return state;
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
    override: override && { ...override, until: iso(override.until) },
    lastFlip: lastFlip && { ...lastFlip, at: iso(lastFlip.at) },
  };
}

/** ISO 8601 with milliseconds; undefined stays so, as does a time that no Date can hold. */
export function iso(at: number | undefined): string | undefined {
  const date = new Date(at ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** Epoch milliseconds of an ISO text, undefined for anything else. */
export function parseTime(value: unknown): number | undefined {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function optionalTime<K extends string>(key: K, value: unknown): { [key in K]?: number } {
  const at = parseTime(value);
  return (at === undefined ? {} : { [key]: at }) as { [key in K]?: number };
}

/** More flips than any store sees: a larger number is damage, and counting on from it would leave what a number can hold. */
const maxSequence = 1_000_000_000_000;

/** A number of flips; 0 for anything that is not one. */
export function parseSequence(value: unknown): number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= maxSequence ? (value as number) : 0;
}

function parseObject(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const raw: unknown = JSON.parse(text ?? '');
    return isObject(raw) ? raw : undefined;
  } catch {
    return undefined;
  }
}

function parseOrigins(value: unknown): Record<string, OriginMemory> {
  const origins: [string, OriginMemory][] = [];
  for (const [id, raw] of Object.entries(isObject(value) ? value : {})) {
    if (!isObject(raw)) continue;
    const since = parseTime(raw['since']);
    const verdict = raw['verdict'];
    if (since === undefined || (verdict !== 'healthy' && verdict !== 'unhealthy' && verdict !== 'unknown')) continue;
    const flaps = parseSequence(raw['flaps']);
    origins.push([
      id,
      {
        verdict,
        since,
        ...optionalTime('movedAt', raw['movedAt']),
        ...(flaps === 0 ? {} : { flaps }),
        ...optionalTime('heldUntil', raw['heldUntil']),
      },
    ]);
  }
  return Object.fromEntries(origins);
}

function parseOverride(value: unknown): Override | undefined {
  if (!isObject(value) || !isObject(value['weights'])) return undefined;
  const until = parseTime(value['until']);
  const weights = Object.entries(value['weights']);
  if (until === undefined || weights.some(([, weight]) => !isWeight(weight))) return undefined;
  return { weights: value['weights'] as Weights, until, reason: asText(value['reason']), by: asText(value['by']) };
}

function parseLastFlip(value: unknown): LastFlip | undefined {
  if (!isObject(value) || !isFlipKind(value['kind']) || typeof value['to'] !== 'string') return undefined;
  const at = parseTime(value['at']);
  if (at === undefined) return undefined;
  const from = value['from'];
  return {
    at,
    kind: value['kind'],
    ...(typeof from === 'string' ? { from } : {}),
    to: value['to'],
    reason: asText(value['reason']),
    by: asText(value['by']),
  };
}

const flipKinds: ReadonlySet<unknown> = new Set<FlipKind>(['automatic', 'override', 'clear', 'edit', 'restore']);

export function isFlipKind(value: unknown): value is FlipKind {
  return flipKinds.has(value);
}

function isWeight(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 100;
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
