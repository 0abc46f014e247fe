import type { ConsoleState, WorldState } from '../wire.ts';
import { countCodes, formatCount, formatServing, formatSpan, servingOf } from './serving.ts';

/** What an operator must know first. */
interface Headline {
  tone: 'good' | 'warn' | 'bad';
  text: string;
  detail: string;
}

/** The state in a sentence: the worst problem first; `detail` has what is in progress. */
export function describeHeadline(state: ConsoleState, world: WorldState | undefined, now: number): Headline {
  const details = [describeOverride(state, now), describeWrite(state, now), describeFlipper(state)].filter((text) => text !== undefined);
  const { tone, text } = describeWorst(state, world);
  return { tone, text, detail: details.join(' · ') };
}

function describeWorst(state: ConsoleState, world: WorldState | undefined): { tone: Headline['tone']; text: string } {
  if (world === undefined) return { tone: 'warn', text: 'Running the function for every country' };
  if (world.problem !== null) return { tone: 'bad', text: `The function cannot run: ${world.problem}` };
  const ids = state.origins.map(({ id }) => id);
  const served = world.audiences.map((audience) => ({ audience, count: countCodes(audience), ...servingOf(audience, ids) }));
  const total = sum(served.map(({ count }) => count));
  const failing = served.filter(({ problem }) => problem !== undefined);
  if (failing.length > 0)
    return { tone: 'bad', text: `${countries(sum(failing.map(({ count }) => count)))} without an origin: ${failing[0]?.problem}` };

  const sick = state.origins.filter(({ verdict }) => verdict === 'unhealthy').map(({ id }) => id);
  const stranded = served.filter(({ shares }) => sick.some((id) => (shares[id] ?? 0) > 0));
  if (stranded.length > 0) {
    const where = sick.filter((id) => stranded.some(({ shares }) => (shares[id] ?? 0) > 0));
    return { tone: 'bad', text: `${list(where)} is unhealthy and ${countries(sum(stranded.map(({ count }) => count)))} still go there` };
  }
  if (!state.isReadable) return { tone: 'bad', text: 'The record in the store is not readable: the edge routes as for ok' };

  const away = served.filter(({ audience, shares }) => shares[audience.order[0] ?? ''] !== 100);
  const left = [...new Set(away.map(({ audience }) => audience.order[0] ?? ''))];
  if (away.length === 0) {
    if (sick.length > 0) return { tone: 'warn', text: `${list(sick)} is unhealthy; no request goes there` };
    const unread = state.replica.failReads ? ': the edge cannot read the record and routes as for ok' : '';
    return { tone: unread === '' ? 'good' : 'warn', text: `All ${countries(total)} at home${unread}` };
  }
  const partly = away.filter(({ shares }) => Object.keys(shares).length > 1);
  const [first] = partly.length > 0 ? partly : away;
  const count = sum(away.map((each) => each.count));
  const verb = partly.length > 0 ? 'is shared' : sick.some((id) => left.includes(id)) ? 'is out' : 'is drained';
  return { tone: 'warn', text: `${list(left)} ${verb}: ${countries(count)} served by ${formatServing(first?.shares ?? {})}` };
}

function describeOverride({ override }: ConsoleState, now: number): string | undefined {
  if (override === null) return undefined;
  return `override by ${override.by}, ${formatSpan(override.until - now)} left: ${override.reason}`;
}

function describeWrite({ settlesAt }: ConsoleState, now: number): string | undefined {
  return settlesAt === null || settlesAt <= now ? undefined : `a write reaches the edge in ${((settlesAt - now) / 1_000).toFixed(1)} s`;
}

function describeFlipper({ flipper, override, origins }: ConsoleState): string | undefined {
  if (!flipper.running) return 'no flipper runs: viewers move only by hand';
  if (flipper.hold !== null && override === null) return `the flipper holds: ${flipper.hold}`;
  return origins.every(({ verdict }) => verdict === 'healthy') && override === null ? 'all origins are healthy' : undefined;
}

function countries(count: number): string {
  return formatCount(count, 'country', 'countries');
}

function list(ids: readonly string[]): string {
  return ids.join(' and ');
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
