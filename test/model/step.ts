import { healthKey, stateKey } from '../../kvs/keys.ts';
import type { KeyChange } from '../../src/core/flag-store.ts';
import type { Flip } from '../../src/core/flip.ts';
import { type Core, CoreFault } from './core.ts';
import { type Breach, entriesOf, judgeReports, judgeTick, judgeWrite, pinnedIn, provenTicks, recheckTicks, rememberWrite } from './laws.ts';
import { nextVersion, recordOf, storeFaults, type Told, takeTurn } from './turn.ts';
import { type Ghost, type ModelFlipper, modelFailover, policyOf, type Setup, type Truth, tickMs, type World } from './world.ts';

/**
 * One thing that happens, as text, so that a history can be pasted into a test: `tick`, `tick stale 1` (with a fault of
 * flipper 1), `down singapore`, `crash 1`, `start 1`, `wipe health`, `override europe=50`, ...
 */
export type Step = string;

export interface Stepped {
  world: World;
  breaches: Breach[];
  told: Told[];
  /** Store operations of each flipper during a tick. */
  operations: { reads: number; writes: number; faulted: boolean }[];
}

const longTicks = 6;
const overrideTicks = 10;
const hourMs = 3_600_000;
const truths: readonly Truth[] = ['up', 'down', 'gray', 'dissent', 'silent', 'hush'];
/** Values that no version of ours writes. */
const garbage = '{"sequence":"many","origins":[1],"override":{"until":';
/** Its first entry can be read, and yet it is not a record. */
const halfRecord = `europe=0;${garbage}`;
const farFuture = '99999999999999';

/** The world after a step; undefined when the step is not possible or changes nothing. */
export async function takeStep(core: Core, setup: Setup, world: World, step: Step): Promise<Stepped | undefined> {
  const [verb = '', ...words] = step.split(' ');
  try {
    if (verb === 'tick') return await tick(core, setup, world, words);
    const next = happen(core, setup, world, verb, words);
    return next && { world: next, breaches: [], told: [], operations: [] };
  } catch (error) {
    if (!(error instanceof CoreFault)) throw error;
    return { world, breaches: [{ law: error.law, detail: error.message }], told: [], operations: [] };
  }
}

function happen(core: Core, setup: Setup, world: World, verb: string, [word = '', more = '']: string[]): World | undefined {
  const { ghost, at } = world;
  if (truths.some((truth) => truth === verb)) {
    if (world.truth[word] === undefined || world.truth[word] === verb) return undefined;
    return { ...world, truth: { ...world.truth, [word]: verb as Truth }, ghost: { ...ghost, proven: { ...ghost.proven, [word]: 0 } } };
  }
  switch (verb) {
    case 'crash':
      return withFlipper(world, word, (flipper) => (flipper.running ? fresh(flipper, false) : undefined), forgetReports);
    case 'start':
      return withFlipper(world, word, (flipper) => (flipper.running ? undefined : fresh(flipper, true)));
    case 'freeze':
      return withFlipper(world, word, (flipper) =>
        flipper.running && flipper.frozenUntil === 0 ? { ...flipper, frozenUntil: at + longTicks * tickMs, awake: 0 } : undefined,
      );
    case 'blind':
      return withFlipper(world, word, (flipper) =>
        flipper.blindTo === more ? undefined : { ...flipper, blindTo: more === 'none' ? undefined : more },
      );
    case 'clock':
      return withFlipper(
        world,
        word,
        (flipper) => ({ ...flipper, skewMs: more === 'ahead' ? hourMs : more === 'back' ? -hourMs : 0 }),
        (before) => ({ ...before, clockDoubtUntil: at + modelFailover.maxHoldDownMs }),
      );
    case 'lag': {
      const edges = world.edges.map((edge, index) => (index === Number(word) - 1 ? { ...edge, heldUntil: at + 3 * tickMs } : edge));
      return { ...world, edges };
    }
    case 'wipe':
      return damage(world, { puts: [], deletes: keysOf(world, word) });
    case 'backup':
      // docs/model.md has what a flipper at work does not notice.
      return world.flippers.some(({ running }) => running) ? undefined : damage(world, { puts: olderState(world), deletes: [] });
    case 'damage':
      return damage(world, {
        puts: keysOf(world, word).map((key) => ({ key, value: key === healthKey ? halfRecord : garbage })),
        deletes: [],
      });
    case 'hand':
      return byHand(world, word.replace('far', farFuture));
    case 'override':
    case 'clear':
      return operate(core, setup, world, verb, word);
    default:
      throw new Error(`unknown step "${verb} ${word}"`);
  }
}

/** The state before the last write, as another tool's backup has it. */
function olderState({ store, before }: World): KeyChange['puts'] {
  const value = before.values.get(stateKey);
  return value === undefined || value === store.values.get(stateKey) ? [] : [{ key: stateKey, value }];
}

function fresh(flipper: ModelFlipper, running: boolean): ModelFlipper {
  return { ...flipper, running, frozenUntil: 0, awake: 0, memory: undefined, probed: {} };
}

function withFlipper(
  world: World,
  name: string,
  change: (flipper: ModelFlipper) => ModelFlipper | undefined,
  remember: (ghost: Ghost, name: string) => Ghost = (ghost) => ghost,
): World | undefined {
  const place = Number(name) - 1;
  const flipper = world.flippers[place];
  const next = flipper && change(flipper);
  return next && { ...world, flippers: world.flippers.with(place, next), ghost: remember(world.ghost, name) };
}

/** A process that ends takes what it had to report with it. */
function forgetReports(ghost: Ghost, name: string): Ghost {
  const untold = Object.fromEntries(Object.entries(ghost.untold).filter(([key]) => !key.startsWith(`flipper-${name}/`)));
  return { ...ghost, untold };
}

function keysOf({ store }: World, what: string): string[] {
  const audit = [...store.values.keys()].filter((key) => key.startsWith('audit/'));
  const named = { health: [healthKey], state: [stateKey], audit, both: [healthKey, stateKey], all: [healthKey, stateKey, ...audit] };
  return (named[what as keyof typeof named] ?? []).filter((key) => store.values.has(key));
}

function grace(ghost: Ghost, until: number): Ghost {
  return { ...ghost, graceUntil: Math.max(ghost.graceUntil, until) };
}

function written(world: World, change: KeyChange): World {
  return { ...world, before: world.store, store: nextVersion(world.store, change, world.at) };
}

/** A write of another tool: the author of an override must still have it, or get a report. */
function damage(world: World, change: KeyChange): World | undefined {
  if (change.puts.length + change.deletes.length === 0) return undefined;
  const next = written(world, change);
  if (
    recordOf(next.store) === recordOf(world.store) &&
    next.store.values.get(stateKey) === world.store.values.get(stateKey) &&
    change.puts.length > 0
  )
    return undefined;
  const dueAt = world.at + recheckTicks * tickMs;
  const isOwed = world.ghost.override !== undefined && recordOf(next.store) !== recordOf(world.store);
  const isForgotten = ![...next.store.values].some(
    ([key, value]) => (key === stateKey || key.startsWith('audit/')) && /"sequence":[1-9]/.test(value),
  );
  const ghost = {
    ...grace(world.ghost, dueAt),
    isForgotten,
    isDamaged: true,
    ...(isOwed ? { overrideDueAt: world.ghost.overrideDueAt ?? dueAt } : {}),
  };
  return { ...next, ghost };
}

/** A person in the AWS console: what they write counts, an override that they leave out is given up. */
function byHand(world: World, record: string): World | undefined {
  if (recordOf(world.store) === record) return undefined;
  const change = { puts: [{ key: healthKey, value: record }], deletes: [] };
  if (record.includes(farFuture)) return damage(world, change);
  const next = written(world, change);
  const ghost = {
    ...grace(world.ghost, world.at + recheckTicks * tickMs),
    meant: record,
    override: undefined,
    overrideDueAt: undefined,
  };
  return { ...next, ghost };
}

function operatorChange(core: Core, setup: Setup, values: ReadonlyMap<string, string>, at: number, flip: Flip): KeyChange | undefined {
  const context = { at, reason: 'an operator', by: 'operator', origins: policyOf(setup).origins, namesFlips: setup.namesFlips };
  try {
    return core.planFlip({ etag: '', values }, flip, context);
  } catch (error) {
    if (error instanceof Error && error.name === 'FlipRefused') return undefined;
    throw new CoreFault('crash', String(error));
  }
}

function overrideOf(word: string, at: number): Extract<Flip, { kind: 'override' }> {
  const weights = Object.fromEntries(word.split(',').map((part) => [part.split('=')[0] ?? '', Number(part.split('=')[1])]));
  return { kind: 'override', weights, until: at + overrideTicks * tickMs };
}

function operate(core: Core, setup: Setup, world: World, verb: 'override' | 'clear', word: string): World | undefined {
  const { at, store } = world;
  const flip: Flip = verb === 'clear' ? { kind: 'clear' } : overrideOf(word, at);
  const change = operatorChange(core, setup, store.values, at, flip);
  if (change === undefined) return undefined;
  const ghost = rememberWrite(world.ghost, setup, 'operator', { before: store, change, at });
  const override = flip.kind === 'override' ? { weights: flip.weights, until: flip.until } : undefined;
  // Viewers that the override before this one held somewhere are found by the next read of the store.
  const isReplaced = pinnedIn(entriesOf(store), at).size > 0;
  const graceUntil = isReplaced ? at + recheckTicks * tickMs : 0;
  return { ...written(world, change), ghost: { ...grace(ghost, graceUntil), override, overrideDueAt: undefined } };
}

async function tick(core: Core, setup: Setup, begun: World, [fault, victim]: string[]): Promise<Stepped> {
  let world = begun;
  const breaches: Breach[] = [];
  const all: Told[] = [];
  const operations: Stepped['operations'] = [];
  const policy = policyOf(setup);
  for (const [index, flipper] of begun.flippers.entries()) {
    operations.push({ reads: 0, writes: 0, faulted: false });
    if (!flipper.running || flipper.frozenUntil > world.at) continue;
    const faultHere = Number(victim) === index + 1 ? storeFaults.find((each) => each === fault) : undefined;
    const taken: { change: KeyChange; values: ReadonlyMap<string, string> }[] = [];
    const overtakes = overrideOf(`${policy.origins[1]}=50`, world.at);
    const turn = await takeTurn(core, setup, world, index, {
      fault: faultHere,
      overtake: (values) => {
        const change = operatorChange(core, setup, values, world.at, overtakes);
        if (change !== undefined) taken.push({ change, values });
        return change;
      },
    });
    const by = `flipper-${index + 1}`;
    let { ghost } = world;
    for (const { change, values } of taken) {
      ghost = rememberWrite(ghost, setup, 'operator', { before: { version: 0, at: 0, values }, change, at: world.at });
      ghost = { ...ghost, override: overtakes, overrideDueAt: undefined };
    }
    for (const landed of turn.landed) {
      breaches.push(...judgeWrite(core, setup, world, index, landed, ghost));
      ghost = rememberWrite(ghost, setup, by, landed);
    }
    const [was, is] = [flipper, turn.flipper].map(({ memory }) => memory?.live?.state.sequence ?? 0);
    if (turn.flipper.memory !== undefined && (is ?? 0) < (was ?? 0))
      breaches.push({ law: 'sequence-back', detail: `${by} knew #${was} and goes on from #${is}` });
    // A write that was acknowledged and did not happen has been reported in good faith.
    const reports = judgeReports(ghost, by, turn.told, fault === 'silent-loss' && turn.faulted);
    breaches.push(...reports.breaches);
    ghost = turn.died ? forgetReports(reports.ghost, String(index + 1)) : reports.ghost;
    if (turn.faulted && (fault === 'down' || fault === 'stale-value')) ghost = grace(ghost, world.at + 2 * tickMs);
    all.push(...turn.told);
    operations[index] = { reads: turn.reads, writes: turn.writes, faulted: turn.faulted };
    world = { ...world, store: turn.store, before: turn.before, flippers: world.flippers.with(index, turn.flipper), ghost };
  }
  const at = world.at + tickMs;
  const proven = Object.fromEntries(
    policy.origins.map((id) => [id, world.truth[id] === 'up' ? Math.min(provenTicks, (world.ghost.proven[id] ?? 0) + 1) : 0]),
  );
  const badAt = { ...world.ghost.badAt };
  for (const id of policy.origins) if (world.truth[id] === 'down' || world.truth[id] === 'gray') badAt[id] = at;
  world = {
    ...world,
    at,
    edges: world.edges.map((edge) => (edge.heldUntil > at ? edge : { record: recordOf(world.store), heldUntil: 0 })),
    ghost: { ...world.ghost, proven, badAt },
  };
  const judged = judgeTick(core, setup, world);
  return { world: { ...world, ghost: judged.ghost }, breaches: [...breaches, ...judged.breaches], told: all, operations };
}

/**
 * Everything that can go wrong now, beside the passing of time. `families` leaves out what the exploration is not
 * about.
 */
export function adversities(setup: Setup, world: World, families: ReadonlySet<Family>): Step[] {
  const { origins } = policyOf(setup);
  const steps: Step[] = [];
  const add = (family: Family, ...more: Step[]) => {
    if (families.has(family)) steps.push(...more);
  };
  for (const id of origins) {
    add('outage', `${world.truth[id] === 'down' ? 'up' : 'down'} ${id}`);
    add('gray', `gray ${id}`);
    add('signals', `silent ${id}`, ...(setup.signals > 1 ? [`dissent ${id}`, `hush ${id}`] : []));
  }
  for (const [index, flipper] of world.flippers.entries()) {
    const name = index + 1;
    add('process', flipper.running ? `crash ${name}` : `start ${name}`, `freeze ${name}`);
    if (flipper.running) add('clock', `clock ${name} ahead`, `clock ${name} back`);
    if (flipper.running) add('partition', ...origins.map((id) => `blind ${name} ${id}`));
  }
  add('wipe', 'wipe health', 'wipe state', 'wipe audit', 'wipe both', 'wipe all');
  add('damage', 'damage health', 'damage state', 'damage audit', 'damage both');
  if (!world.flippers.some(({ running }) => running)) add('damage', 'backup state');
  for (const id of origins) add('hand', `hand ${id}=0`, `hand ${id}=100@far`);
  add('hand', 'hand ok');
  for (const id of origins) add('operator', `override ${id}=0`, `override ${id}=50`, `override ${id}=100`);
  if (pinnedIn(entriesOf(world.store), world.at).size > 0) add('operator', 'clear');
  add('edge', ...world.edges.map((_, index) => `lag ${index + 1}`));
  return steps;
}

export const families = [
  'outage',
  'gray',
  'signals',
  'process',
  'clock',
  'partition',
  'wipe',
  'damage',
  'hand',
  'operator',
  'edge',
  'store',
] as const;
export type Family = (typeof families)[number];

/** Faults of the store that can matter in a tick, given what its flippers did without them. */
export function faultyTicks({ operations }: { operations: readonly { reads: number; writes: number }[] }, isStaleNews: boolean): Step[] {
  return operations.flatMap(({ reads, writes }, index) => {
    const name = index + 1;
    const ofReads = reads === 0 ? [] : [`tick down ${name}`, ...(isStaleNews ? [`tick stale ${name}`, `tick stale-value ${name}`] : [])];
    const ofWrites = ['conflict', 'overtaken', 'lost-answer', 'lost-write', 'silent-loss', 'dies'].map((each) => `tick ${each} ${name}`);
    return [...ofReads, ...(writes === 0 ? [] : ofWrites)];
  });
}
