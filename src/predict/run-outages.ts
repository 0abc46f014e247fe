import { parseHealthRecord, weightAt } from '../../kvs/health-record.ts';
import { healthKey } from '../../kvs/keys.ts';
import type { EdgeConfig, Signal } from '../config/edge-config.ts';
import { buildFlipPolicy, type FlipperPolicy } from '../config/services.ts';
import type { ProbeResult, SignalSource } from '../core/signal.ts';
import type { FlipperMemory } from '../flipper/flipper.ts';
import type { FlipperEvent } from '../flipper/flipper-event.ts';
import { openFlipperLambda } from '../flipper/lambda/flipper-lambda.ts';
import { hashText, seededRandom } from '../text/seeded-random.ts';
import { route53Way } from './other-ways.ts';
import { goodProbe, isSpoiled, type OutageKind, probeOutage, spoiledShare } from './outage-kind.ts';
import { FlipperSimulation } from './simulation.ts';

/** How the flipper runs: a process, a Lambda each minute, or a scheduled `--once` each five minutes. */
export type FlipperWay = 'watch' | 'lambda' | 'once';

/** Signals that repeat what another system found. */
type Relayed = 'route53' | 'alarm' | 'reported';

export interface OutageOptions {
  config: EdgeConfig;
  broken: string;
  flipper: FlipperWay;
  outageMs: number;
  /** Of every answer under `slow`. */
  slowMs: number;
  seed: number;
  /** From a failure to the verdict of a signal that relays another service; all times within are equally likely. */
  relayMs: Readonly<Record<Relayed, { fromMs: number; toMs: number }>>;
  signal: AbortSignal;
}

/** One outage; times are milliseconds from the failure, null for what did not happen in it. */
export interface OutageRun {
  detectedMs: number | null;
  writtenMs: number | null;
  /**
   * Time after the flip, weighted, for which the record sends viewers to the broken origin again. Null when the run
   * ended with the flip.
   */
  returnedMs: number | null;
  /** From the restore to the record `ok`. Null when the run ended with the flip. */
  failbackMs: number | null;
}

/** The same for every run, so that times are comparable; any day. */
export const startAt = Date.UTC(2026, 0, 1);
const minute = 60_000;
/** A call to the store's API, as assumed: no figure is published. */
export const storeCallMs = 150;
/** As infra/flipper.yaml sets it. */
const lambdaTimeoutMs = 58_000;
/** As a schedule of GitHub Actions allows. */
const onceEveryMs = 5 * minute;
/** For the failback, beyond what hold-down and ramp ask for. */
const failbackPatienceMs = 30 * minute;
/** Runs that wait at the same time: they share the turns of the event loop. */
const batch = 16;

/**
 * Outages of one kind, each beginning anywhere between two probes. The first `whole` of them are watched to the end of
 * the failback.
 */
export async function runOutages(kind: OutageKind, options: OutageOptions, count: number, whole: number): Promise<OutageRun[]> {
  const policy = buildFlipPolicy(options.config);
  const settled = options.flipper === 'watch' ? await settleFlipper(policy, options) : undefined;
  const runs: OutageRun[] = [];
  // An outage that no signal sees is as a calm time to the flipper: a few are run, the others are like them.
  const played = isSeen(kind, options) ? count : Math.min(count, whole);
  for (let first = 0; first < played; first += batch) {
    options.signal.throwIfAborted();
    const places = Array.from({ length: Math.min(batch, played - first) }, (_, index) => first + index);
    runs.push(...(await Promise.all(places.map((place) => new Outage(kind, options, policy, settled, place).run(place < whole)))));
  }
  while (runs.length < count) runs.push({ detectedMs: null, writtenMs: null, returnedMs: null, failbackMs: null });
  return runs;
}

interface Settled {
  memory: FlipperMemory;
  elapsedMs: number;
}

/** What a flipper knows after a calm time: a run can begin with it. */
async function settleFlipper(policy: FlipperPolicy, options: OutageOptions): Promise<Settled> {
  const calm = { ...options, broken: '' };
  const simulation = new FlipperSimulation({ world: () => ({ opinion: 'good' }), policy, startAt, latencyMs: storeCallMs });
  const signals = openVirtualSignals('refuse', calm, simulation, () => 0.5, { fromMs: 0, untilMs: 0 });
  let memory: FlipperMemory | undefined;
  const { ended, stop } = simulation.start({ signals });
  const settleMs = Math.min(10 * minute, (policy.health.failureRate.minimum + 1) * policy.health.intervalMs + minute);
  await simulation.clock.run(settleMs);
  stop();
  const summary = ended.then((done) => {
    memory = done.memory;
  });
  await simulation.clock.run(10 * minute, () => memory !== undefined);
  await summary;
  return { memory: memory as unknown as FlipperMemory, elapsedMs: simulation.clock.monotonic() };
}

class Outage {
  readonly #kind: OutageKind;
  readonly #options: OutageOptions;
  readonly #policy: FlipperPolicy;
  readonly #random: () => number;
  readonly #simulation: FlipperSimulation;
  readonly #settled: Settled | undefined;
  /** Elapsed milliseconds of the simulation. */
  readonly #fromMs: number;
  #detectedAt: number | undefined;
  #flippedAt: number | undefined;
  #writes = 0;
  #events = 0;

  constructor(kind: OutageKind, options: OutageOptions, policy: FlipperPolicy, settled: Settled | undefined, place: number) {
    this.#kind = kind;
    this.#options = options;
    this.#policy = policy;
    this.#settled = settled;
    this.#random = seededRandom(Math.imul(options.seed, 0x9e3779b1) ^ Math.imul(place + 1, 0x85ebca6b) ^ hashText(kind));
    const { flipper } = options;
    // From the failure to the next probe, or to the next run.
    const restMs = this.#random() * (flipper === 'once' ? onceEveryMs : policy.health.intervalMs * (1 - 0.1 * this.#random()));
    const calmMs = settled?.elapsedMs ?? 0;
    this.#fromMs = flipper === 'lambda' ? minute + this.#random() * minute : calmMs;
    const elapsedMs = flipper === 'lambda' ? 0 : calmMs + restMs;
    this.#simulation = new FlipperSimulation({
      world: () => ({ opinion: 'good' }),
      policy,
      startAt,
      elapsedMs,
      latencyMs: storeCallMs,
      keepsEvent: isVerdict,
    });
  }

  async run(isWhole: boolean): Promise<OutageRun> {
    const { outageMs } = this.#options;
    const { clock, store } = this.#simulation;
    const untilMs = this.#fromMs + outageMs;
    const stop = this.#start(untilMs);
    await clock.run(untilMs - clock.monotonic(), () => this.#isOver());
    const [detectedMs, writtenMs] = [this.#detectedAt, this.#flippedAt].map((at) => (at === undefined ? null : at - this.#fromMs));
    let [returnedMs, failbackMs]: [number | null, number | null] = [null, null];
    if (isWhole && this.#flippedAt !== undefined) {
      await clock.run(untilMs - clock.monotonic());
      returnedMs = this.#countReturned(this.#flippedAt, untilMs);
      const { maxHoldDownMs, ramp, rampStepMs } = this.#policy.failover;
      const isHome = () => this.#simulation.record() === 'ok';
      await clock.run(maxHoldDownMs + ramp.length * rampStepMs + failbackPatienceMs, isHome);
      failbackMs = isHome() ? (store.writes.at(-1)?.at ?? untilMs) - untilMs : null;
    }
    stop();
    return { detectedMs: detectedMs ?? null, writtenMs: writtenMs ?? null, returnedMs, failbackMs };
  }

  #isOver(): boolean {
    const { store, events } = this.#simulation;
    const { writes } = store;
    while (this.#detectedAt === undefined && this.#events < events.length) {
      const event = events[this.#events++];
      if (event?.event === 'verdict' && event.origin === this.#options.broken && event.to === 'unhealthy')
        this.#detectedAt = event.at - startAt;
    }
    while (this.#flippedAt === undefined && this.#writes < writes.length) {
      const write = writes[this.#writes++];
      if (write !== undefined && this.#simulation.weight(this.#options.broken) === 0) this.#flippedAt = write.at;
    }
    // Where no flip can follow, the verdict is the end.
    return this.#flippedAt !== undefined || (this.#detectedAt !== undefined && !hasSecond(this.#policy, this.#options.broken));
  }

  #countReturned(fromMs: number, untilMs: number): number {
    const { broken } = this.#options;
    const { writes } = this.#simulation.store;
    let sum = 0;
    for (const [place, { at, change }] of writes.entries()) {
      const endMs = Math.min(untilMs, writes[place + 1]?.at ?? untilMs);
      if (at < fromMs || endMs <= at) continue;
      const record = change.puts.find(({ key }) => key === healthKey)?.value ?? '';
      sum += ((endMs - at) * weightAt(parseHealthRecord(record) ?? [], broken, 0)) / 100;
    }
    return sum;
  }

  /** Starts the flipper in its way; returns what ends it. */
  #start(untilMs: number): () => void {
    const { flipper, broken } = this.#options;
    const { clock, store } = this.#simulation;
    const span = { fromMs: this.#fromMs, untilMs };
    const signals = openVirtualSignals(this.#kind, this.#options, this.#simulation, this.#random, span);
    const random = this.#random;
    const stop = new AbortController();
    if (flipper === 'lambda') {
      const handler = openFlipperLambda({
        name: 'predicted',
        by: 'flipper@lambda',
        shadow: false,
        policy: this.#policy,
        signals,
        openStore: async () => store.client(),
        channels: [],
        write: (line) => {
          if (this.#detectedAt === undefined && line.includes('"event":"verdict"') && line.includes('"to":"unhealthy"'))
            if ((JSON.parse(line) as { origin: string }).origin === broken) this.#detectedAt = clock.monotonic();
        },
        clock,
        random,
      });
      void repeat(minute, () => {
        const endsAt = clock.monotonic() + lambdaTimeoutMs;
        handler({ run: 'watch' }, { getRemainingTimeInMillis: () => endsAt - clock.monotonic() }).catch(() => undefined);
      });
    } else if (flipper === 'once') {
      void repeat(onceEveryMs, () => leave(this.#simulation.start({ mode: 'once', signals, random })));
    } else {
      const settled = this.#settled;
      const running = this.#simulation.start({ signals, random, ...(settled && { from: settled.memory }) });
      leave(running);
      stop.signal.addEventListener('abort', running.stop, { once: true });
    }
    return () => stop.abort();

    async function repeat(everyMs: number, begin: () => void): Promise<void> {
      while (!stop.signal.aborted) {
        begin();
        await clock.sleep(everyMs, stop.signal);
      }
    }
    /** A run ends with its clock, in the middle of whatever it does. */
    function leave({ ended }: { ended: Promise<unknown> }): void {
      ended.catch(() => undefined);
    }
  }
}

function isVerdict({ event }: FlipperEvent): boolean {
  return event === 'verdict';
}

/** Whether an order has another origin for the viewers of this one. */
export function hasSecond({ orders }: Pick<FlipperPolicy, 'orders'>, origin: string): boolean {
  return orders.some((order) => order.includes(origin) && order.length > 1);
}

/** Round trip of a call to Route 53 or CloudWatch. */
const relayCallMs = 100;

/** The configured signals of every origin, of which the broken one finds the outage in this span of elapsed time. */
function openVirtualSignals(
  kind: OutageKind,
  options: OutageOptions,
  { clock }: FlipperSimulation,
  random: () => number,
  span: { fromMs: number; untilMs: number },
): Record<string, SignalSource[]> {
  const { config, broken, slowMs, relayMs } = options;
  const isIn = (fromMs: number, untilMs: number) => clock.monotonic() >= fromMs && clock.monotonic() < untilMs;
  const open = (id: string, signal: Signal): SignalSource => {
    const answer = async (found: { opinion: ProbeResult['opinion']; afterMs: number }, abort: AbortSignal): Promise<ProbeResult> => {
      const { afterMs, ...result } = found;
      await clock.sleep(afterMs, abort);
      return { ...result, latencyMs: afterMs };
    };
    if (signal.type === 'http') {
      let turn = Math.floor(random() * 2);
      const spoiled = probeOutage(kind, slowMs, signal, config.health);
      const probe = (abort: AbortSignal) => {
        const meets = isSpoiled(kind, turn++, random) && id === broken && isIn(span.fromMs, span.untilMs);
        return answer(meets ? spoiled : goodProbe, abort);
      };
      return { name: 'http', required: signal.required, isFresh: true, probe };
    }
    const { fromMs, toMs } = relayMs[signal.type];
    const delayMs = fromMs + random() * (toMs - fromMs);
    const sees = id === broken && (signal.type !== 'route53' || isSeenByRoute53(kind, slowMs));
    const probe = (abort: AbortSignal) => {
      const isBad = sees && isIn(span.fromMs + delayMs, span.untilMs + delayMs);
      return answer({ opinion: isBad ? 'bad' : 'good', afterMs: relayCallMs }, abort);
    };
    const thresholds = { unhealthyThreshold: 1, healthyThreshold: 1 };
    return { name: signal.type, required: signal.required, isFresh: false, thresholds, probe };
  };
  return Object.fromEntries(Object.entries(config.origins).map(([id, { signals }]) => [id, signals.map((signal) => open(id, signal))]));
}

/** Whether any signal of the broken origin answers differently in this outage. */
function isSeen(kind: OutageKind, { config, broken, slowMs }: OutageOptions): boolean {
  return (config.origins[broken]?.signals ?? []).some((signal) => {
    if (signal.type === 'http') return probeOutage(kind, slowMs, signal, config.health).opinion !== 'good';
    return signal.type !== 'route53' || isSeenByRoute53(kind, slowMs);
  });
}

/** More than 18 % of the checkers still reach an origin that fails half of the requests, and none reads a body. */
function isSeenByRoute53(kind: OutageKind, slowMs: number): boolean {
  return spoiledShare(kind) === 1 && kind !== 'bad-body' && (kind !== 'slow' || slowMs > route53Way.timeoutMs);
}
