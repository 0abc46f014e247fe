import { okRecord } from '../../kvs/health-record.ts';
import { healthKey, stateKey } from '../../kvs/keys.ts';
import type { FailoverPolicy, HealthPolicy } from '../../src/config/edge-config.ts';
import type { FlipperPolicy } from '../../src/config/services.ts';
import type { Weights } from '../../src/core/state-record.ts';
import { hashRecord } from '../../src/core/stored-schema.ts';
import type { FlipperMemory } from '../../src/flipper/flipper.ts';

/**
 * What an origin does: `gray` fails every second probe, `dissent` fails one signal of several, `silent` and `hush`
 * leave all or most signals without an opinion.
 */
export type Truth = 'up' | 'down' | 'gray' | 'dissent' | 'silent' | 'hush';

export interface ModelFlipper {
  running: boolean;
  /** Frozen until then (epoch milliseconds), as a suspended machine or a Lambda environment is. */
  frozenUntil: number;
  /** Its clock minus the true one. */
  skewMs: number;
  /** The origin that it alone cannot reach. */
  blindTo: string | undefined;
  /** Ticks since it started or woke, up to a bound. */
  awake: number;
  /** What it knew at the end of its last turn; undefined before its first. */
  memory: FlipperMemory | undefined;
  probed: Readonly<Record<string, Probed>>;
}

/**
 * Of one origin: true times of the latest good and bad probe, how many were bad in a row, and when the latest one was
 * that made the origin unhealthy.
 */
export interface Probed {
  goodAt: number;
  badAt: number;
  badRow: number;
  unhealthyAt: number;
}

export const unprobed: Probed = { goodAt: 0, badAt: 0, badRow: 0, unhealthyAt: 0 };

export interface StoreVersion {
  version: number;
  /** When it was written, true time. */
  at: number;
  values: ReadonlyMap<string, string>;
}

/** What the checker remembers of the past to judge the present; no code under examination sees it. */
export interface Ghost {
  /** The override that an operator is entitled to, until its end, a clear, or another in its place. */
  override: { weights: Weights; until: number } | undefined;
  /** By when an override that damage took must be back or reported; absent when nothing took one. */
  overrideDueAt: number | undefined;
  maxSequence: number;
  /** Another tool has damaged the store, and no flipper has written since. */
  isDamaged: boolean;
  /** The store has neither a sequence number nor an audit entry left. */
  isForgotten: boolean;
  /** The record that the last flip or hand wrote. */
  meant: string;
  /**
   * Ticks in a row in which viewers were on a dead origin although a proven one could have them, by order and bucket.
   */
  stranded: Readonly<Record<string, number>>;
  /** Until then trouble excuses a slow reaction. */
  graceUntil: number;
  /** Until then times in the store may be those of a clock that was wrong. */
  clockDoubtUntil: number;
  /** Ticks that each origin has been up without a break, up to a bound. */
  proven: Readonly<Record<string, number>>;
  /** When each origin last failed viewers, true time. */
  badAt: Readonly<Record<string, number>>;
  /** When automation last took each origin out, and when it last raised it. */
  outAt: Readonly<Record<string, number>>;
  raisedAt: Readonly<Record<string, number>>;
  /**
   * Automatic flips that have landed and that their writer has not reported yet: `flipper/sequence` and the time by
   * which it must.
   */
  untold: Readonly<Record<string, number>>;
}

/** Everything at one moment; never changed in place. */
export interface World {
  /** True epoch milliseconds. */
  at: number;
  truth: Readonly<Record<string, Truth>>;
  store: StoreVersion;
  /** What the store held before its last write, which a late reader may still see. */
  before: StoreVersion;
  flippers: readonly ModelFlipper[];
  /** What each edge location reads; undefined when the key is missing there. */
  edges: readonly { record: string | undefined; heldUntil: number }[];
  ghost: Ghost;
}

export interface Setup {
  name: string;
  orders: readonly (readonly string[])[];
  /** Signals per origin. */
  signals: number;
  /** Whether each record has the number of its flip. */
  namesFlips?: boolean;
  /**
   * Whether the failure rate counts beside results in a row; it remembers a window of probes, so that there are many
   * more states.
   */
  rate?: boolean;
  flippers: number;
  /** Steps from an empty store to where the exploration begins. */
  start: readonly string[];
}

/** One round of probes and of propagation. */
export const tickMs = 10_000;

/** A reader of the store is behind by less than this. */
export const lagMs = 2.5 * tickMs;

/** The first moment; a whole second. */
export const dayOne = Date.parse('2026-03-01T03:00:00.000Z');

/**
 * Short times, so that few ticks see much: two probes make a verdict, a hold-down lasts three ticks, the failback has
 * one step.
 */
export const modelHealth = {
  intervalMs: tickMs,
  fastIntervalMs: tickMs,
  connectTimeoutMs: 2_000,
  timeoutMs: 3_000,
  unhealthyThreshold: 2,
  healthyThreshold: 2,
} as HealthPolicy;

/** Four probes of the last six ticks, half of them bad. */
const failureRate = { share: 0.5, windowMs: 6 * tickMs, minimum: 4 };

export const modelFailover = {
  holdDownMs: 3 * tickMs,
  maxHoldDownMs: 6 * tickMs,
  holdDownHalfLifeMs: 6 * tickMs,
  ramp: [50, 100],
  rampStepMs: 2 * tickMs,
  minFlipIntervalMs: tickMs,
  // The store is asked this often, by a flipper that may have company and by one that has none.
  peerCheckMs: 6 * tickMs,
  recheckMs: 6 * tickMs,
} as FailoverPolicy;

const policies = new WeakMap<Setup, FlipperPolicy>();

export function policyOf(setup: Setup): FlipperPolicy {
  let policy = policies.get(setup);
  if (policy === undefined) {
    policy = {
      origins: [...new Set(setup.orders.flat())],
      orders: setup.orders,
      health: setup.rate ? { ...modelHealth, failureRate } : modelHealth,
      failover: modelFailover,
      namesFlips: setup.namesFlips,
    };
    policies.set(setup, policy);
  }
  return policy;
}

/** Longer than anything in the policy looks back. */
const longAgoMs = 4 * modelFailover.maxHoldDownMs;

/** An empty world: a new store, no flipper yet, every origin up. */
export function emptyWorld(setup: Setup): World {
  const { origins } = policyOf(setup);
  const store: StoreVersion = {
    version: 1,
    at: 0,
    values: new Map([
      [healthKey, 'ok'],
      [stateKey, '{"sequence":0,"origins":{}}'],
    ]),
  };
  const flipper: ModelFlipper = {
    running: false,
    frozenUntil: 0,
    skewMs: 0,
    blindTo: undefined,
    awake: 0,
    memory: undefined,
    probed: {},
  };
  return {
    at: dayOne,
    truth: Object.fromEntries(origins.map((id) => [id, 'up'])),
    store,
    before: store,
    flippers: Array.from({ length: setup.flippers }, () => flipper),
    edges: [1, 2].map(() => ({ record: 'ok', heldUntil: 0 })),
    ghost: {
      override: undefined,
      overrideDueAt: undefined,
      maxSequence: 0,
      isDamaged: false,
      isForgotten: false,
      meant: 'ok',
      stranded: {},
      graceUntil: 0,
      clockDoubtUntil: 0,
      proven: Object.fromEntries(origins.map((id) => [id, 0])),
      badAt: {},
      outAt: {},
      raisedAt: {},
      untold: {},
    },
  };
}

/** Wall clock and monotonic clock of the model run apart by this much, so that each can be distinguished in a state. */
export const monotonicOffset = 2_000_000_000_000;

/**
 * The state as a text in which only what can matter later differs: times relative to now and no older than anything
 * looks back, sequence numbers relative to the newest, no reasons and no names. Two worlds with the same text have the
 * same future as far as the checker is concerned.
 */
export function fingerprint(world: World): string {
  const { at, truth, store, before, flippers, edges, ghost } = world;
  const mine = flippers.map((flipper) => {
    const { memory, running, skewMs, blindTo, awake, frozenUntil } = flipper;
    if (!running) return 'off';
    return relative(`${running},${blindTo},${awake},${frozenUntil},${skewMs},${flat(memory)}`, at + skewMs, ghost.maxSequence);
  });
  const shared = [
    JSON.stringify(truth),
    storeText(store),
    // A late reader matters only for as long as one may be late.
    before.version === store.version || at - store.at >= lagMs ? '' : `${storeText(before)}${store.at}`,
    edges.map(({ record, heldUntil }) => `${record}<${heldUntil}`).join(),
    JSON.stringify(ghost.override ?? null),
    String(ghost.overrideDueAt),
    JSON.stringify(ghost.stranded),
    `${ghost.graceUntil},${ghost.clockDoubtUntil}`,
    JSON.stringify(ghost.proven),
    JSON.stringify(ghost.untold),
    `${ghost.meant},${ghost.isForgotten},${ghost.isDamaged}`,
    JSON.stringify(ghost.badAt),
    JSON.stringify(ghost.outAt),
    JSON.stringify(ghost.raisedAt),
  ].join('|');
  return `${relative(shared, at, ghost.maxSequence)}#${mine.join('#')}`;
}

const flatTexts = new WeakMap<object, string>();
const silent = new Set(['lastFlip', 'reason', 'by', 'why', 'recordHash', 'notedAt']);

/** Plain data as a text without what only people read; worked out once for each value, since values never change. */
function flat(value: object | undefined): string {
  if (value === undefined) return '-';
  let text = flatTexts.get(value);
  if (text === undefined) {
    text = JSON.stringify(value, (key, inner: unknown) => (silent.has(key) ? undefined : inner instanceof Map ? [...inner] : inner));
    flatTexts.set(value, text);
  }
  return text;
}

const storeTexts = new WeakMap<ReadonlyMap<string, string>, string>();

function storeText({ values }: StoreVersion): string {
  let text = storeTexts.get(values);
  if (text === undefined) {
    const newest = [...values.keys()].filter((key) => key.startsWith('audit/')).map((key) => sequenceOf(values.get(key) ?? ''));
    text = `${values.get(healthKey)}^${isEdited(values)}^${stateText(values.get(stateKey))}^"sequence":${Math.max(0, ...newest)}`;
    storeTexts.set(values, text);
  }
  return text;
}

function isEdited(values: ReadonlyMap<string, string>): boolean {
  return !(values.get(stateKey) ?? '').includes(hashRecord(values.get(healthKey) ?? okRecord));
}

function stateText(state: string | undefined): string {
  if (state === undefined) return '-';
  try {
    const raw: unknown = JSON.parse(state);
    const isCurrent = typeof raw === 'object' && raw !== null;
    return isCurrent ? flat(raw) : state;
  } catch {
    return state;
  }
}

function sequenceOf(entry: string): number {
  return Number(/"sequence":(\d+)/.exec(entry)?.[1] ?? 0);
}

/** Epoch milliseconds, seconds and ISO times become seconds from now, and sequence numbers steps behind the newest. */
function relative(text: string, now: number, maxSequence: number): string {
  return text
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z|\b[13]\d{12}(?:\.\d+)?\b|@1\d{9}\b/g, (found) => {
      const time = found.startsWith('@') ? Number(found.slice(1)) * 1_000 : found.endsWith('Z') ? Date.parse(found) : Number(found);
      const ago = now - (time > monotonicOffset ? time - monotonicOffset : time);
      return ago > longAgoMs ? 'old' : `t${Math.round(ago / 100)}`;
    })
    .replace(/"sequence":(\d+)/g, (_match, sequence: string) => `s${maxSequence - Number(sequence)}`);
}
