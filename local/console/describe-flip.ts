import { okRecord, parseHealthRecord, weightAt, withoutSequence } from '../../kvs/health-record.ts';
import { formatUtc } from '../../src/text/time.ts';
import type { KeptFlip } from './console-source.ts';
import type { TimelineEntry } from './wire.ts';

/** A flip as a sentence, and as a few words for a marker. Pure. */
export function describeFlip(flip: KeptFlip, origins: readonly string[], now: number): Omit<TimelineEntry, 'id'> {
  const { sequence, at, kind, from, to, reason, by, until, breakGlass } = flip;
  const weights = (record: string | undefined) => {
    const entries = parseHealthRecord(record ?? '') ?? [];
    return new Map(origins.map((id) => [id, weightAt(entries, id, at / 1_000)]));
  };
  const [before, after] = [weights(from), weights(to)];
  const changed = origins.filter((id) => before.get(id) !== after.get(id));
  const isHome = withoutSequence(to) === okRecord || [...after.values()].every((weight) => weight === 100);
  const moves = changed.map((id) => `${id} ${before.get(id)}\u00a0% → ${after.get(id)}\u00a0%`).join(', ');
  const mark = isHome ? 'all at 100\u00a0%' : changed.map((id) => `${id} ${after.get(id)}\u00a0%`).join(', ');
  const glass = breakGlass === undefined ? '' : `; break-glass: ${breakGlass}`;
  return {
    at,
    kind: 'flip',
    tone: isHome ? 'good' : 'plain',
    text: writeSentence(flip, { moves, isHome, gained: changed.every((id) => (after.get(id) ?? 0) > (before.get(id) ?? 0)), now }),
    detail: `flip #${sequence}, ${kind}${until === undefined ? '' : ` until ${formatUtc(until, now)}`}, by ${by}: ${reason}${glass}`,
    ...(mark !== '' && { mark }),
  };
}

function writeSentence(
  { kind, by, until }: KeptFlip,
  { moves, isHome, gained, now }: { moves: string; isHome: boolean; gained: boolean; now: number },
): string {
  const what = moves === '' ? 'no weight changes' : moves;
  switch (kind) {
    case 'automatic':
      if (isHome) return `The flipper completed the failback: ${what}`;
      return gained ? `The flipper gave viewers back: ${what}` : `The flipper moved viewers away: ${what}`;
    case 'override':
      return `${by} moved viewers by hand${until === undefined ? '' : ` until ${formatUtc(until, now)}`}: ${what}`;
    case 'clear':
      return `${by} ended the override: ${what}`;
    case 'restore':
      return `The flipper restored a lost override: ${what}`;
    default:
      return `The record was changed by hand: ${what}`;
  }
}
