import type { ConsoleState, OriginState, Second, WorldState } from '../wire.ts';
import { countCodes, formatCount, formatServing, formatSpan, servingOf, totalOf } from './serving.ts';

/** What an operator must know first. */
interface Headline {
  tone: 'good' | 'warn' | 'bad';
  text: string;
  detail: string;
}

type Worst = Pick<Headline, 'tone' | 'text'>;

/** Requests that failed this long ago are still news, in steps of the traffic. */
const newsSteps = 5;

/** Reads of the store that may be missing before what is shown counts as old. */
const lateReads = 3;

/** The state in a sentence: the worst problem first; `detail` has what is in progress. */
export function describeHeadline(state: ConsoleState, world: WorldState | undefined, seconds: readonly Second[], now: number): Headline {
  const worst = describeWorst(state, world, seconds, now);
  const details = [
    worst.detail,
    describeOverride(state, now),
    describeWrite(state, now),
    describeFlipper(state),
    describeUnread(state),
  ].filter((text) => text !== undefined);
  return { tone: worst.tone, text: worst.text, detail: details.join(' · ') };
}

function describeWorst(
  state: ConsoleState,
  world: WorldState | undefined,
  seconds: readonly Second[],
  now: number,
): Worst & { detail?: string | undefined } {
  const { readAt, flipper } = state;
  if (readAt !== null && now - readAt > lateReads * (flipper.everyMs ?? 0) + 10_000)
    return { tone: 'warn', text: `This page is old: the store was last read ${formatSpan(now - readAt)} ago`, detail: state.hints[0] };
  const routing = describeRouting(state, world);
  const failures = describeFailures(state, seconds, now);
  const sick = state.origins.filter(({ verdict }) => verdict === 'unhealthy').map(({ id }) => id);
  const all = sick.length > 1 && sick.length === state.origins.length ? `${list(sick)} are unhealthy: no origin is left` : undefined;
  // What viewers feel comes first; why it happens is beside it.
  if (failures !== undefined)
    return { tone: 'bad', text: failures, detail: all ?? (routing.tone === 'good' ? describeProbes(state)?.text : routing.text) };
  if (all !== undefined) return { tone: 'bad', text: all };
  return routing.tone === 'good' ? (describeProbes(state) ?? routing) : routing;
}

/** Failed requests of the last steps, by the origins that probes find bad. */
function describeFailures({ origins, stepMs }: ConsoleState, seconds: readonly Second[], now: number): string | undefined {
  const recent = seconds.filter(({ at }) => at > now - newsSteps * stepMs);
  const failed = recent.reduce((sum, second) => sum + second.failed, 0);
  if (failed === 0) return undefined;
  const total = recent.reduce((sum, second) => sum + totalOf(second), 0);
  const bad = origins.filter(isSuspect).map(({ id }) => id);
  const where = bad.length === 0 ? '' : `: ${list(bad)} ${bad.length > 1 ? 'fail' : 'fails'}`;
  return `${failed.toLocaleString('en')} of ${formatCount(total, 'request', 'requests')} failed in the last ${formatSpan(newsSteps * stepMs)}${where}`;
}

/** Amber from the first bad probe on, long before there is a verdict. */
function describeProbes({ origins }: ConsoleState): Worst | undefined {
  const bad = origins.filter(({ verdict, probe }) => verdict !== 'unhealthy' && (probe?.badInRow ?? 0) > 0);
  if (bad.length === 0) return undefined;
  const each = bad.map(({ id, probe }) => `${id} (${formatCount(probe?.badInRow ?? 0, 'bad probe', 'bad probes')}${cause(probe?.text)})`);
  return { tone: 'warn', text: `Probes fail at ${list(each)}; no verdict yet` };
}

/** `bad, connect, 2 ms` → `: connect`. */
function cause(text = ''): string {
  const name = text.split(', ')[1] ?? '';
  return /^[a-z]+$/.test(name) ? `: ${name}` : '';
}

function isSuspect({ verdict, probe }: OriginState): boolean {
  return verdict === 'unhealthy' || (probe?.badInRow ?? 0) > 0;
}

function describeRouting(state: ConsoleState, world: WorldState | undefined): Worst {
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
    const count = sum(stranded.map((each) => each.count));
    const verb = where.length > 1 ? 'are' : 'is';
    return { tone: 'bad', text: `${list(where)} ${verb} unhealthy and ${countries(count)} still ${count === 1 ? 'goes' : 'go'} there` };
  }
  if (!state.isReadable) return { tone: 'bad', text: 'The record in the store is not readable: the edge routes as for ok' };

  const away = served.filter(({ audience, shares }) => shares[audience.order[0] ?? ''] !== 100);
  const left = [...new Set(away.map(({ audience }) => audience.order[0] ?? ''))];
  if (away.length === 0) {
    if (sick.length > 0) return { tone: 'warn', text: `${list(sick)} is unhealthy; no request goes there` };
    const unread = state.replica?.failReads ? ': the edge cannot read the record and routes as for ok' : '';
    return { tone: unread === '' ? 'good' : 'warn', text: `All ${countries(total)} at home${unread}` };
  }
  const partly = away.filter(({ shares }) => Object.keys(shares).length > 1);
  const [first] = partly.length > 0 ? partly : away;
  const count = sum(away.map((each) => each.count));
  const verb = partly.length > 0 ? 'is shared' : sick.some((id) => left.includes(id)) ? 'is out' : 'is drained';
  // Weights are those of the record, not what a sample of requests came to.
  return { tone: 'warn', text: `${list(left)} ${verb}: ${countries(count)} served by ${formatServing(first?.shares ?? {})}` };
}

function describeOverride({ override }: ConsoleState, now: number): string | undefined {
  if (override === null) return undefined;
  return `override by ${override.by}, ${formatSpan(override.until - now)} left: ${override.reason}`;
}

function describeWrite({ settlesAt }: ConsoleState, now: number): string | undefined {
  return settlesAt === null || settlesAt <= now ? undefined : `a write reaches the edge in ${((settlesAt - now) / 1_000).toFixed(1)} s`;
}

function describeFlipper({ flipper, override, origins, target }: ConsoleState): string | undefined {
  if (!flipper.running) return target.isLocal ? 'no flipper runs: viewers move only by hand' : undefined;
  if (flipper.hold !== null && override === null) return `the flipper holds: ${flipper.hold}`;
  return origins.every((origin) => origin.verdict === 'healthy' && !isSuspect(origin)) && override === null
    ? 'all origins are healthy'
    : undefined;
}

function describeUnread({ hints }: ConsoleState): string | undefined {
  return hints.length === 0 ? undefined : `${formatCount(hints.length, 'hint', 'hints')} below`;
}

function countries(count: number): string {
  return formatCount(count, 'country', 'countries');
}

function list(ids: readonly string[]): string {
  return ids.length < 3 ? ids.join(' and ') : `${ids.slice(0, -1).join(', ')} and ${ids.at(-1)}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
