import type { ConsoleState, WorldState } from '../wire.ts';
import { formatCount, formatShares, formatSpan } from './format.ts';
import { countCountries, servingOf } from './serving.ts';

/** What an operator has to know first. */
export interface Headline {
  tone: 'good' | 'warn' | 'bad';
  text: string;
  detail: string;
}

/** The state in a sentence: the worst that is true of it, and beside it what is under way. */
export function describeHeadline(state: ConsoleState, world: WorldState | undefined, now: number): Headline {
  const details = [describeOverride(state, now), describeWay(state, now), describeFlipper(state)].filter((text) => text !== undefined);
  const { tone, text } = describeWorst(state, world);
  return { tone, text, detail: details.join(' · ') };
}

function describeWorst(state: ConsoleState, world: WorldState | undefined): { tone: Headline['tone']; text: string } {
  if (world === undefined) return { tone: 'warn', text: 'Asking the function who goes where' };
  if (world.problem !== null) return { tone: 'bad', text: `The function cannot be asked: ${world.problem}` };
  const ids = state.origins.map(({ id }) => id);
  const served = world.audiences.map((audience) => ({ audience, count: countCountries(audience), ...servingOf(audience, ids) }));
  const total = sum(served.map(({ count }) => count));
  const failing = served.filter(({ problem }) => problem !== undefined);
  if (failing.length > 0)
    return { tone: 'bad', text: `${countries(sum(failing.map(({ count }) => count)))} without an origin: ${failing[0]?.problem}` };

  const sick = state.origins.filter(({ verdict }) => verdict === 'unhealthy').map(({ id }) => id);
  const stranded = served.filter(({ shares }) => sick.some((id) => (shares[id] ?? 0) > 0));
  if (stranded.length > 0) {
    const where = sick.filter((id) => stranded.some(({ shares }) => (shares[id] ?? 0) > 0));
    return { tone: 'bad', text: `${list(where)} fails and ${countries(sum(stranded.map(({ count }) => count)))} still go there` };
  }
  if (!state.isReadable) return { tone: 'bad', text: 'The record in the store cannot be read: the edge acts as for ok' };

  const away = served.filter(({ audience, shares }) => shares[audience.order[0] ?? ''] !== 100);
  const left = [...new Set(away.map(({ audience }) => audience.order[0] ?? ''))];
  if (away.length === 0) {
    if (sick.length > 0) return { tone: 'warn', text: `${list(sick)} is unhealthy; nobody is sent there` };
    const unread = state.replica.failReads ? ': the edge cannot read the record and takes it for ok' : '';
    return { tone: unread === '' ? 'good' : 'warn', text: `All ${countries(total)} at home${unread}` };
  }
  const partly = away.filter(({ shares }) => Object.keys(shares).length > 1);
  const [first] = partly.length > 0 ? partly : away;
  const count = sum(away.map((each) => each.count));
  const verb = partly.length > 0 ? 'is shared' : sick.some((id) => left.includes(id)) ? 'is out' : 'is relieved';
  return { tone: 'warn', text: `${list(left)} ${verb}: ${countries(count)} served by ${formatShares(first?.shares ?? {})}` };
}

function describeOverride({ override }: ConsoleState, now: number): string | undefined {
  if (override === null) return undefined;
  return `held by ${override.by} for ${formatSpan(override.until - now)} more: ${override.reason}`;
}

function describeWay({ settlesAt }: ConsoleState, now: number): string | undefined {
  return settlesAt === null || settlesAt <= now
    ? undefined
    : `a write is on its way to the edge, ${((settlesAt - now) / 1_000).toFixed(1)} s left`;
}

function describeFlipper({ flipper, override, origins }: ConsoleState): string | undefined {
  if (!flipper.running) return 'no flipper runs: only people move viewers';
  if (flipper.hold !== null && override === null) return `the flipper waits: ${flipper.hold}`;
  return origins.every(({ verdict }) => verdict === 'healthy') && override === null ? 'every origin healthy' : undefined;
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
