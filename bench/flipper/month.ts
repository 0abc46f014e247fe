import { parseHealthRecord, weightAt } from '../../kvs/health-record.ts';
import { seededRandom } from '../../src/text/seeded-random.ts';
import { type GrayFailure, grayFailures } from '../../test/unit/flipper/gray-worlds.ts';
import { Simulation, type World } from '../../test/unit/flipper/simulation.ts';
import { type BenchRow, benchRow } from '../bench-row.ts';

const minute = 60_000;
const monthMs = 30 * 24 * 60 * minute;

/** An outage; times are elapsed milliseconds. */
interface Outage {
  origin: string;
  kind: 'hard' | Extract<GrayFailure, 'alternating' | 'half at random'>;
  from: number;
  to: number;
}

/**
 * What the core of commit cca6a00 lost in this very month, measured by this file: 65.8 of it while half of the targets
 * failed in turn.
 */
const firstEditionMinutes = 82.8;

/**
 * A month of about 180 outages, in virtual time: the viewer-minutes lost beyond those of an observer who knows at once
 * which origin is best. Half of the viewers prefer each origin; what the record says counts at the edge at once.
 */
export async function benchMonth(): Promise<BenchRow[]> {
  const outages = outagesOf(20_260_716);
  const simulation = new Simulation({ world: worldOf(outages) });
  const { stop, ended } = simulation.start();
  await simulation.clock.run(monthMs);
  stop();
  await ended;
  const lost = lostMinutes(outages, simulation.written);
  const of = (kind: Outage['kind']) => lost.get(kind) ?? 0;
  const all = [...lost.values()].reduce((sum, minutes) => sum + minutes, 0);
  const name = `a month of ${outages.length} outages, viewer-minutes lost beyond the perfect observer`;
  return [
    benchRow(name, all, 'min', firstEditionMinutes / 3),
    benchRow('of which in hard outages', of('hard'), 'min'),
    benchRow('of which while half of the targets fail in turn', of('alternating'), 'min'),
    benchRow('of which while half of the requests fail at random', of('half at random'), 'min'),
    benchRow('flips in that month', simulation.written.length, ''),
  ];
}

/**
 * Outages of half a minute to a quarter of an hour, four hours apart on average, two of three in Singapore; now and
 * then both origins are in one.
 */
function outagesOf(seed: number): Outage[] {
  const random = seededRandom(seed);
  const kinds = ['hard', 'alternating', 'half at random'] as const;
  const outages: Outage[] = [];
  for (let at = 10 * minute; at < monthMs - 30 * minute; at += -Math.log(1 - random()) * 240 * minute) {
    const lengthMs = 0.5 * minute * 30 ** random();
    outages.push({
      origin: random() < 2 / 3 ? 'singapore' : 'europe',
      kind: kinds[Math.floor(random() * 3)] ?? 'hard',
      from: at,
      to: at + lengthMs,
    });
  }
  return outages;
}

function worldOf(outages: readonly Outage[]): World {
  const random = seededRandom(1);
  const probes: Record<string, number> = {};
  return (origin, elapsed) => {
    const now = outages.filter((outage) => outage.origin === origin && elapsed >= outage.from && elapsed < outage.to);
    probes[origin] = (probes[origin] ?? 0) + 1;
    const results = now.map(({ kind }) =>
      kind === 'hard' ? { opinion: 'bad' as const } : grayFailures[kind](random, probes[origin] ?? 0),
    );
    return results.find(({ opinion }) => opinion === 'bad') ?? { opinion: 'good' };
  };
}

/** Between two changes of anything the loss is constant; it is put to the account of the outage that is worst then. */
function lostMinutes(outages: readonly Outage[], written: readonly (readonly [number, string])[]): Map<Outage['kind'], number> {
  const lost = new Map<Outage['kind'], number>();
  const times = [...outages.flatMap(({ from, to }) => [from, to]), ...written.map(([at]) => at), monthMs].sort((a, b) => a - b);
  for (const [index, from] of times.entries()) {
    const to = times[index + 1] ?? monthMs;
    const now = outages.filter((outage) => outage.from <= from && outage.to > from);
    if (to <= from || now.length === 0) continue;
    const record = written.findLast(([at]) => at <= from)?.[1] ?? 'ok';
    const failing = (origin: string) =>
      Math.max(0, ...now.filter((outage) => outage.origin === origin).map(({ kind }) => (kind === 'hard' ? 1 : 0.5)));
    const best = Math.min(failing('singapore'), failing('europe'));
    const loss = (lossOf(['singapore', 'europe'], record, failing) + lossOf(['europe', 'singapore'], record, failing)) / 2 - best;
    const kind = now.toSorted((a, b) => failing(b.origin) - failing(a.origin))[0]?.kind ?? 'hard';
    lost.set(kind, (lost.get(kind) ?? 0) + (loss * (to - from)) / minute);
  }
  return lost;
}

/** The share of an order's requests that fail, over the hundred buckets that the edge puts its viewers into. */
function lossOf(order: readonly string[], record: string, failing: (origin: string) => number): number {
  const entries = parseHealthRecord(record) ?? [];
  let loss = 0;
  for (let bucket = 0; bucket < 100; bucket++) {
    const origin = order.find((id) => bucket < weightAt(entries, id, 0)) ?? order[0] ?? '';
    loss += failing(origin) / 100;
  }
  return loss;
}
