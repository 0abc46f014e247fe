import { createHash } from 'node:crypto';
import pMap from 'p-map';
import type { SignalSource } from '../core/signal.ts';
import type { Audience } from '../core/viewer-shares.ts';
import type { MoveProgress } from '../failover/plan-failover.ts';
import type { EdgeAnswer, EdgeView } from '../probe/edge-view.ts';
import type { Seen } from './judge-step.ts';
import type { RehearsalPlan } from './plan-rehearsal.ts';

/** Where a rehearsal is. */
export type RehearsalProgress =
  | MoveProgress
  | { kind: 'begins'; what: string }
  | { kind: 'watched'; percent: number; isAtEdge: boolean; checks: number }
  | { kind: 'home-written' };

/** A viewer that the edge is asked for. Only the local edge takes country and address; elsewhere it is this machine. */
export interface EdgeViewer {
  country: string | undefined;
  ip: string | undefined;
}

export interface Watch {
  /** Asks every source once that is due. Never rejects, except by the signal. */
  observe(signal: AbortSignal, viewers?: readonly EdgeViewer[]): Promise<Seen[]>;
  /** Asks the edge for these viewers. `moved` and `isHome` by viewer. */
  askEdge(viewers: readonly EdgeViewer[], signal?: AbortSignal): Promise<{ seen: Seen[]; moved: boolean[]; isHome: boolean[] }>;
}

export interface EvidenceOptions {
  origin: string;
  fallbacks: readonly string[];
  /** By origin, only those that can be asked from here. */
  signals: Readonly<Record<string, readonly SignalSource[]>>;
  /** Of the whole distribution, such as its rate of 5xx answers. */
  alarm?: SignalSource | undefined;
  edge: EdgeView | undefined;
  /** Monotonic milliseconds. */
  monotonic: () => number;
}

/** A verdict of AWS changes no faster, and each question is an API call. */
const relayedEveryMs = 15_000;

/** Opens the evidence about the origin that is left and those that take its viewers. */
export function openWatch({ origin: home, fallbacks, signals, alarm, edge, monotonic }: EvidenceOptions): Watch {
  let relayedAt = Number.NEGATIVE_INFINITY;
  let turn = 0;
  const own = [home, ...fallbacks].flatMap((origin) => (signals[origin] ?? []).map((source) => ({ origin, source })));
  const sources = [...own, ...(alarm === undefined ? [] : [{ origin: undefined, source: alarm }])].filter(
    ({ source }) => source.isAbsent !== true,
  );

  const readAnswer = (answer: EdgeAnswer, latencyMs: number): Seen => {
    if ('problem' in answer)
      return { source: 'edge', origin: undefined, opinion: answer.failed ? 'bad' : 'none', latencyMs, detail: answer.problem };
    const { origins, status = 200 } = answer;
    const origin = origins.find((id) => fallbacks.includes(id)) ?? (origins.includes(home) ? home : origins[0]);
    return {
      source: 'edge',
      origin,
      opinion: status >= 500 ? 'bad' : 'good',
      latencyMs,
      ...(status >= 500 && { detail: `status ${status}` }),
    };
  };

  const askEdge: Watch['askEdge'] = async (viewers, signal) => {
    if (edge === undefined) return { seen: [], moved: [], isHome: [] };
    const asking = pMap(
      viewers,
      async ({ country, ip }) => {
        const startedAt = monotonic();
        const answer = await edge.ask(country, ip);
        return { answer, latencyMs: Math.round(monotonic() - startedAt) };
      },
      { concurrency: 8 },
    );
    const answers = await (signal === undefined ? asking : orAborted(asking, signal));
    const originsOf = ({ answer }: (typeof answers)[number]) => ('origins' in answer ? answer.origins : []);
    return {
      seen: answers.map(({ answer, latencyMs }) => readAnswer(answer, latencyMs)),
      moved: answers.map((one) => originsOf(one).some((id) => fallbacks.includes(id)) && !originsOf(one).includes(home)),
      isHome: answers.map((one) => originsOf(one).includes(home) && !originsOf(one).some((id) => fallbacks.includes(id))),
    };
  };

  return {
    askEdge,
    observe: async (signal, viewers = []) => {
      const isRelayDue = monotonic() - relayedAt >= relayedEveryMs;
      if (isRelayDue) relayedAt = monotonic();
      const due = sources.filter(({ source }) => source.isFresh || isRelayDue);
      const viewer = viewers.at(turn++ % Math.max(1, viewers.length));
      const asked = due.map(async ({ origin, source }): Promise<Seen> => {
        const { opinion, latencyMs, detail } = await source.probe(signal);
        return { source: source.isFresh ? 'direct' : 'alarm', origin, opinion, latencyMs, detail };
      });
      const [direct, atEdge] = await orAborted(
        Promise.all([Promise.all(asked), viewer === undefined ? undefined : askEdge([viewer], signal)]),
        signal,
      );
      return [...direct, ...(atEdge?.seen ?? [])];
    },
  };
}

/**
 * Addresses of a bucket that are tried until one is served at home: shares of edge.config.ts may send some elsewhere.
 */
const addressTries = 6;

/** Audiences for which the local edge is asked; more show nothing new. */
const maxAudiences = 4;

/**
 * For each step the viewers that it moves and the step before did not, and that the origin serves now. On a real edge
 * this machine is the only viewer, and which step moves it depends on its address, which CloudFront alone knows: it is
 * listed at each step, and none when another origin serves it.
 */
export async function findViewers(
  { origin, steps }: Pick<RehearsalPlan, 'origin' | 'steps'>,
  watch: Pick<Watch, 'askEdge'>,
  edge: EdgeView | undefined,
  edgeAudiences: readonly Audience[],
): Promise<EdgeViewer[][]> {
  if (edge === undefined) return steps.map(() => []);
  const findHome = async (candidates: readonly EdgeViewer[]): Promise<EdgeViewer[]> => {
    const { isHome } = await watch.askEdge(candidates);
    return candidates.filter((_, index) => isHome[index]).slice(0, 1);
  };
  if (!edge.canChooseCountry) {
    const here = await findHome([{ country: undefined, ip: undefined }]);
    return steps.map(() => here);
  }
  const asked = edgeAudiences.filter(({ order, slices }) => (slices ?? [{ order }]).some((one) => one.order[0] === origin));
  return await pMap(
    steps,
    async ({ weight }) => {
      const candidates = Array.from({ length: addressTries }, (_, nth) => addressInBucket(weight, nth));
      const found = await pMap(asked.slice(0, maxAudiences), ({ countries: [country] }) =>
        findHome(candidates.map((ip) => ({ country, ip }))),
      );
      return found.flat();
    },
    { concurrency: 2 },
  );
}

/**
 * An address of this bucket, of a hundred, by the router's own rule (functions/lib/keep-origins.ts); the `nth` of them.
 */
function addressInBucket(bucket: number, nth = 0): string {
  let left = nth;
  for (let n = 0; n < 65_536; n++) {
    const ip = `198.18.${n >> 8}.${n & 255}`;
    const [first = 0] = createHash('md5').update(ip).digest();
    if (Math.floor(first / 2.56 + 0.01) === bucket && left-- === 0) return ip;
  }
  throw new RangeError(`no address for bucket ${bucket}`);
}

/** The result, or the signal's reason as soon as it comes. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  // A late failure has nothing that waits for it.
  work.catch(() => undefined);
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
