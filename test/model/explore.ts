import { createHash } from 'node:crypto';
import { okRecord } from '../../kvs/health-record.ts';
import type { Core } from './core.ts';
import type { Breach, Law } from './laws.ts';
import { entriesOf, pinnedIn } from './laws.ts';
import { adversities, type Family, faultyTicks, type Step, type Stepped, takeStep } from './step.ts';
import { recordOf } from './turn.ts';
import { emptyWorld, fingerprint, lagMs, policyOf, type Setup, type World } from './world.ts';

export interface Bounds {
  /** Ticks after the start. */
  ticks: number;
  /** Things that go wrong in one history. */
  adversities: number;
  families: ReadonlySet<Family>;
  /** Laws that are not held to. */
  except?: ReadonlySet<Law>;
  /** Ends the exploration early: a figure for the bench, never reached in the suite. */
  maxStates?: number;
}

export interface Counterexample {
  setup: Setup;
  steps: readonly Step[];
  breaches: readonly Breach[];
}

export interface Exploration {
  states: number;
  transitions: number;
  /** Steps of the longest history. */
  depth: number;
  /** Quiet endings that were played until the world was at rest. */
  endings: number;
  seconds: number;
  found: Counterexample | undefined;
}

interface Node {
  world: World;
  path: Path | undefined;
  spent: number;
  ticks: number;
  /** The step that led here, unless it was a tick: what may follow it in the same moment is bounded. */
  last: string | undefined;
}

interface Path {
  step: Step;
  before: Path | undefined;
}

/**
 * Ticks in which a healthy world without an operator's word must have come to rest: overrides end, hold-downs pass, the
 * failback has two steps.
 */
const restTicks = 45;
/** Ticks without a write that make rest. */
const calmTicks = 8;

/** The world after the setup's own start. Throws when that breaks a law: no history could be read from it. */
export async function startOf(core: Core, setup: Setup): Promise<World> {
  let world = emptyWorld(setup);
  for (const step of setup.start) {
    const next = await takeStep(core, setup, world, step);
    if (next === undefined) throw new Error(`"${step}" cannot happen at the start of ${setup.name}`);
    if (next.breaches.length > 0) throw new StartBroken(setup, next.breaches);
    world = next.world;
  }
  return world;
}

class StartBroken extends Error {
  readonly breaches: readonly Breach[];

  constructor(setup: Setup, breaches: readonly Breach[]) {
    super(`the start of ${setup.name} breaks ${breaches.map(({ law }) => law).join(', ')}`);
    this.breaches = breaches;
  }
}

/**
 * Every history within the bounds, the shortest first, each state once. The first counterexample ends it; as it was
 * reached by the fewest steps, no step of it can be left out of a history of its kind.
 */
export async function explore(core: Core, setup: Setup, bounds: Bounds): Promise<Exploration> {
  const startedAt = performance.now();
  const counts = { states: 0, transitions: 0, depth: 0, endings: 0 };
  const result = (found?: Counterexample): Exploration => ({ ...counts, seconds: (performance.now() - startedAt) / 1_000, found });
  const held = (breaches: readonly Breach[]) => breaches.filter(({ law }) => !bounds.except?.has(law));
  const resting = new Set<string>();
  const cheapest = new Map<string, number>();
  let frontier: Node[] = [];

  const visit = (node: Node): boolean => {
    const key = digest(node.world);
    // Reached before with as much left to go wrong and as much time.
    const cost = node.spent * 1_000 + node.ticks;
    const known = cheapest.get(key);
    if (known !== undefined && known <= cost) return false;
    cheapest.set(key, cost);
    counts.states += known === undefined ? 1 : 0;
    return true;
  };

  let begun: World;
  try {
    begun = await startOf(core, setup);
  } catch (error) {
    if (error instanceof StartBroken) return result({ setup, steps: [], breaches: error.breaches });
    throw error;
  }
  const root: Node = { world: begun, path: undefined, spent: 0, ticks: 0, last: undefined };
  visit(root);
  frontier.push(root);
  for (let depth = 1; frontier.length > 0; depth++) {
    const next: Node[] = [];
    for (const node of frontier) {
      const go = async (step: Step, cost: number): Promise<Stepped | Counterexample | undefined> => {
        const stepped = await takeStep(core, setup, node.world, step);
        counts.transitions += 1;
        const path = { step, before: node.path };
        if (stepped === undefined) return undefined;
        const breaches = held(stepped.breaches);
        if (breaches.length > 0) return { setup, steps: stepsOf(path), breaches };
        const isTick = step.startsWith('tick');
        const child: Node = {
          world: stepped.world,
          path,
          spent: node.spent + cost,
          ticks: node.ticks + (isTick ? 1 : 0),
          last: isTick ? undefined : step,
        };
        if (visit(child)) {
          counts.depth = depth;
          const ending = await ends(child);
          if (ending !== undefined) return ending;
          if (child.ticks < bounds.ticks) next.push(child);
        }
        return stepped;
      };
      const isRich = node.spent < bounds.adversities;
      const plain = await go('tick', 0);
      if (plain === undefined) continue;
      if ('steps' in plain) return result(plain);
      if (!isRich) continue;
      const isStaleNews = node.world.before.version !== node.world.store.version && node.world.at - node.world.store.at < lagMs;
      const faults = bounds.families.has('store')
        ? faultyTicks(plain, isStaleNews || plain.operations.some(({ writes }) => writes > 0))
        : [];
      const others = adversities(setup, node.world, bounds.families).filter((step) => mayFollow(node.last, step));
      for (const step of [...faults, ...others]) {
        const stepped = await go(step, 1);
        if (stepped !== undefined && 'steps' in stepped) return result(stepped);
      }
      if (bounds.maxStates !== undefined && counts.states >= bounds.maxStates) return result();
    }
    frontier = next;
  }
  return result();

  /** From here on nothing goes wrong any more: the world must come to rest at home, and no law may break on the way. */
  async function ends(node: Node): Promise<Counterexample | undefined> {
    if (bounds.except?.has('restless') || node.spent === 0 || node.last !== undefined) return undefined;
    counts.endings += 1;
    const steps: Step[] = [];
    const marks: string[] = [];
    let world = node.world;
    for (const step of healing(setup, world)) {
      const healed = await takeStep(core, setup, world, step);
      if (healed === undefined) continue;
      world = healed.world;
      steps.push(step);
    }
    const tell = (breaches: readonly Breach[]): Counterexample => ({ setup, steps: [...stepsOf(node.path), ...steps], breaches });
    let calm = 0;
    for (let ticks = 0; ticks < restTicks; ticks++) {
      const key = digest(world);
      if (resting.has(key)) break;
      marks.push(key);
      const stepped = await takeStep(core, setup, world, 'tick');
      counts.transitions += 1;
      steps.push('tick');
      if (stepped === undefined) break;
      const breaches = held(stepped.breaches);
      if (breaches.length > 0) return tell(breaches);
      calm = stepped.operations.some(({ writes }) => writes > 0) ? 0 : calm + 1;
      world = stepped.world;
      if (calm >= calmTicks && isHome(setup, world)) break;
      if (ticks === restTicks - 1)
        return tell([
          { law: 'restless', detail: `all origins are healthy for ${restTicks} ticks and the record is ${recordOf(world.store)}` },
        ]);
    }
    for (const mark of marks) resting.add(mark);
    return undefined;
  }
}

/**
 * All origins up, except for a signal that a majority outvotes, and one flipper at work, possibly a new one; all can
 * probe, and their clocks are right.
 */
function healing(setup: Setup, world: World): Step[] {
  const origins = policyOf(setup).origins.filter((id) => world.truth[id] !== 'dissent');
  const isAtWork = world.flippers.some(({ running, frozenUntil }) => running && frozenUntil <= world.at);
  return [
    ...origins.map((id) => `up ${id}`),
    ...world.flippers.flatMap(({ blindTo }, index) => (blindTo === undefined ? [] : [`blind ${index + 1} none`])),
    ...world.flippers.flatMap(({ skewMs }, index) => (skewMs === 0 ? [] : [`clock ${index + 1} right`])),
    ...(isAtWork ? [] : ['crash 1', 'start 1']),
  ];
}

function isHome(setup: Setup, { store, at }: World): boolean {
  const record = recordOf(store) ?? okRecord;
  const entries = entriesOf(store).filter(({ until }) => until === undefined || until > Math.floor(at / 1_000));
  return (
    record === okRecord ||
    (pinnedIn(entries, at).size === 0 && policyOf(setup).origins.every((id) => entries.every((e) => e.origin !== id || e.weight === 100)))
  );
}

/**
 * Two things that happen in the same moment and touch nothing in common lead to the same world in either order: only
 * one of the orders is explored. What writes the store touches it all.
 */
function mayFollow(last: Step | undefined, step: Step): boolean {
  if (last === undefined) return true;
  const [one, other] = [partOf(last), partOf(step)];
  return one === other || one < other;
}

function partOf(step: Step): string {
  const [verb = '', word = ''] = step.split(' ');
  if (['up', 'down', 'gray', 'dissent', 'silent', 'hush'].includes(verb)) return `0 origin ${word}`;
  if (['crash', 'start', 'freeze', 'clock', 'blind'].includes(verb)) return `1 flipper ${word}`;
  if (verb === 'lag') return `2 edge ${word}`;
  return '3 store';
}

function stepsOf(path: Path | undefined): Step[] {
  const steps: Step[] = [];
  for (let at = path; at !== undefined; at = at.before) steps.unshift(at.step);
  return steps;
}

function digest(world: World): string {
  return createHash('md5').update(fingerprint(world)).digest('base64');
}
