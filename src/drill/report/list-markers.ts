import { parseHealthRecord, weightAt } from '../../../kvs/health-record.ts';
import { cutText } from '../../text/cut-text.ts';
import type { Drill } from '../drill.ts';

/** A moment that every chart shows. */
export interface Marker {
  kind: 'fault' | 'verdict' | 'written' | 'propagated' | 'healed' | 'ramp' | 'home' | 'flip';
  /** Milliseconds from the fault. */
  atMs: number;
  label: string;
  /** What it rests on, for people; empty when there is nothing to add. */
  detail: string;
}

/** Moments that a chart can show; of an origin that flaps for hours the first ones are. */
const maxMarkers = 30;

/** The moments of a drill in order, and how many more there were. Pure. */
export function listMarkers({ timeline, broken, fault, flips, verdicts }: Drill): { markers: Marker[]; more: number } {
  const { brokenAt, unhealthyAt, writtenAt, propagatedAt, healedAt, homeAt, endedAt } = timeline;
  const all: Marker[] = [];
  const add = (kind: Marker['kind'], at: number | undefined, label: string, detail = '') => {
    if (at !== undefined && at <= endedAt) all.push({ kind, atMs: at - brokenAt, label, detail: cutText(detail, 200) });
  };
  const why = verdicts.find(({ origin, at }) => origin === broken && at === unhealthyAt)?.why;
  add('fault', brokenAt, `${broken} breaks`, `fault: ${fault}`);
  add('verdict', unhealthyAt, `verdict: ${broken} is unhealthy`, why);
  add('healed', healedAt, `${broken} is mended`);
  for (const { writtenAt: at, servedAt, to, reason } of flips) {
    const weight = weightAt(parseHealthRecord(to) ?? [], broken, at / 1_000);
    const waited = `written ${((servedAt - at) / 1_000).toFixed(1)} s before; record: ${to}`;
    if (at === writtenAt) {
      add('written', at, `flip written: ${to}`, reason);
      add('propagated', propagatedAt, 'the flip is at the edge', `${((servedAt - at) / 1_000).toFixed(1)} s after it was written`);
    } else if (servedAt === homeAt) add('home', servedAt, 'home: every weight is 100', waited);
    else if (healedAt !== undefined && at >= healedAt && weight > 0) add('ramp', servedAt, `${weight} % at ${broken} again`, waited);
    else add('flip', servedAt, `flip: ${to}`, `${waited}; ${reason}`);
  }
  all.sort((a, b) => a.atMs - b.atMs);
  const kept = all.length <= maxMarkers ? all : all.filter(({ kind }) => kind !== 'ramp' && kind !== 'flip');
  const rest = all.length <= maxMarkers ? [] : all.filter(({ kind }) => kind === 'ramp' || kind === 'flip');
  const shown = [...kept, ...rest.slice(0, maxMarkers - kept.length)].sort((a, b) => a.atMs - b.atMs);
  return { markers: shown, more: all.length - shown.length };
}
