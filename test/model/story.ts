import type { Core } from './core.ts';
import { type Counterexample, startOf } from './explore.ts';
import { type Breach, laws } from './laws.ts';
import { type Step, takeStep } from './step.ts';
import { recordOf, type Told } from './turn.ts';
import { dayOne, emptyWorld, type Setup, type World } from './world.ts';

/**
 * Plays a history step by step; steps that are not possible in it are passed over. Returns the first broken laws, none
 * when all hold.
 */
export async function replayStory(core: Core, setup: Setup, steps: readonly Step[]): Promise<readonly Breach[]> {
  let world = await startOf(core, setup);
  for (const step of steps) {
    const next = await takeStep(core, setup, world, step);
    if (next === undefined) continue;
    if (next.breaches.length > 0) return next.breaches;
    world = next.world;
  }
  return [];
}

/** The history as numbered lines with times, what the flippers said and the records, then as a test to paste. */
export async function formatStory(core: Core, { setup, steps, breaches }: Counterexample): Promise<string[]> {
  const lines = [`${setup.name}: ${setup.flippers} flipper(s), orders ${setup.orders.map((order) => order.join(' > ')).join(', ')}`, ''];
  let world = emptyWorld(setup);
  let number = 0;
  let alike: { from: number; text: string } | undefined;
  for (const step of [...setup.start, ...steps]) {
    const next = await takeStep(core, setup, world, step);
    const when = `${(world.at - dayOne) / 1_000} s`.padStart(6);
    number += 1;
    const told = (next?.told ?? []).filter(({ event }) => !quiet.has(event)).map((event) => `               ${formatTold(event)}`);
    const text = `${step.padEnd(24)} ${next === undefined ? 'fails' : momentOf(next.world)}`;
    // Ticks in which nothing is said and nothing changes are one line.
    const isAlike = told.length === 0 && alike?.text === text;
    const from = isAlike && alike !== undefined ? alike.from : number;
    if (isAlike) lines.pop();
    alike = told.length === 0 ? { from, text } : undefined;
    lines.push(`${(from === number ? `${number}` : `${from}-${number}`).padStart(5)}. ${when}  ${text}`, ...told);
    if (next !== undefined) world = next.world;
  }
  for (const law of new Set(breaches.map((breach) => breach.law)))
    lines.push('', `broken: ${laws[law]}`, ...breaches.filter((breach) => breach.law === law).map(({ detail }) => `        ${detail}`));
  lines.push('', ...asTest(setup, steps, breaches));
  return lines;
}

const quiet = new Set(['probe', 'verified', 'record']);

function momentOf({ store, truth, ghost }: World): string {
  const ill = Object.entries(truth)
    .filter(([, state]) => state !== 'up')
    .map(([id, state]) => `${id} ${state}`);
  const override = ghost.override === undefined ? [] : [`override ${JSON.stringify(ghost.override.weights)}`];
  return [`record ${recordOf(store) ?? 'missing'}`, ...ill, ...override].join(' · ');
}

function formatTold({ event, at, ...rest }: Told): string {
  const { moves: _, ...fields } = rest as Record<string, unknown>;
  return `${((at - dayOne) / 1_000).toFixed(1)} s ${event} ${JSON.stringify(fields).slice(0, 200)}`;
}

function asTest(setup: Setup, steps: readonly Step[], breaches: readonly Breach[]): string[] {
  const runs: string[] = [];
  for (let at = 0; at < steps.length; ) {
    let end = at;
    while (steps[end] === steps[at]) end += 1;
    runs.push(end - at > 2 ? `...times(${end - at}, '${steps[at]}')` : Array.from({ length: end - at }, () => `'${steps[at]}'`).join(', '));
    at = end;
  }
  return [
    `it('keeps its promises: ${[...new Set(breaches.map(({ law }) => law))].join(', ')}', async () => {`,
    `  expect(await replayStory(core, setups${/^\w+$/.test(setup.name) ? `.${setup.name}` : `['${setup.name}']`}, [${runs.join(', ')}])).toEqual([]);`,
    '});',
  ];
}

/** The same step several times. */
export function times(count: number, step: Step): Step[] {
  return Array.from({ length: count }, () => step);
}
