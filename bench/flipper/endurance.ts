import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { SignalSource } from '../../src/core/signal.ts';
import { runFlipper } from '../../src/flipper/flipper.ts';
import { MemoryStore, VirtualClock } from '../../src/predict/simulation.ts';
import { dayOne, defaults, two } from '../../test/unit/core/policy.ts';
import { downIn, Simulation } from '../../test/unit/flipper/simulation.ts';
import { type BenchRow, benchRow } from '../bench-row.ts';

const hour = 3_600_000;
const rounds = 100_000;

/** A day with two outages in virtual time: what the flipper itself costs. */
export async function benchDay(): Promise<BenchRow> {
  const simulation = new Simulation({
    world: downIn({
      singapore: [
        [3_600, 4_200],
        [40_000, 40_600],
      ],
    }),
  });
  const startedAt = performance.now();
  const { stop, ended } = simulation.start();
  await simulation.clock.run(24 * hour);
  stop();
  await ended;
  const seconds = (performance.now() - startedAt) / 1_000;
  if (simulation.written.length !== 10) throw new Error(`the day should have ten flips, it had ${simulation.written.length}`);
  return benchRow('24 h of simulated time, probing every 10 s', seconds, 's', 5);
}

/**
 * Heap after a tenth of the rounds and after all of them, garbage collected; every seventh probe is bad: no weight
 * moves, but there is much to do.
 */
export async function benchMemory(): Promise<BenchRow> {
  const collect = openCollector();
  const clock = new VirtualClock(dayOne);
  let looks = 0;
  const source: SignalSource = {
    name: 'http',
    required: false,
    isFresh: false,
    probe: async () => ({ opinion: ++looks % 7 === 0 ? 'bad' : 'good', latencyMs: 1 }),
  };
  const stop = new AbortController();
  const ended = runFlipper({
    mode: 'watch',
    shadow: false,
    by: 'bench',
    policy: { ...two, health: defaults.health },
    signals: { singapore: [source], europe: [source] },
    store: new MemoryStore(clock).client(),
    log: () => undefined,
    signal: stop.signal,
    clock,
    random: () => 0,
  });
  const { intervalMs } = defaults.health;
  const heapAfter = async (wanted: number) => {
    while (looks < wanted * 2) await clock.run(1_000 * intervalMs);
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = await heapAfter(rounds / 10);
  const after = await heapAfter(rounds);
  stop.abort();
  await ended;
  return benchRow(`heap growth over ${rounds.toLocaleString('en')} rounds`, (after - before) / 1_024, 'KB', 512);
}

/** Node collects garbage on demand only when it is asked to at its start, or so. */
function openCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  return () => {
    collect();
    collect();
  };
}
