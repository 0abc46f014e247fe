import pMap from 'p-map';
import { healthKey } from '../../kvs/keys.ts';
import type { EdgeConfig } from '../config/edge-config.ts';
import { effectiveWeights, parseLiveRecord } from '../core/live-record.ts';
import type { Weights } from '../core/state-record.ts';
import { type Audience, countShares } from '../core/viewer-shares.ts';
import type { EdgeAnswer, EdgeView } from '../probe/edge-view.ts';
import { formatDuration } from '../text/time.ts';

export interface Disagreement extends EdgeExpectation {
  answer: EdgeAnswer;
}

/** The answer comes from where it should. */
function agrees({ allowed }: EdgeExpectation, answer: EdgeAnswer): boolean {
  return 'origins' in answer && (allowed.length === 0 || answer.origins.some((origin) => allowed.includes(origin)));
}

/** Asks the edge once for each; `atOnce` requests are on their way at a time. */
export async function findDisagreements(
  edge: EdgeView,
  expectations: readonly EdgeExpectation[],
  { atOnce = 8, seen }: { atOnce?: number; seen?: VerifyOptions['seen'] } = {},
): Promise<Disagreement[]> {
  const found: Disagreement[] = [];
  await pMap(
    expectations,
    async (expectation) => {
      const answer = await edge.ask(expectation.country, expectation.ip);
      seen?.(expectation, answer);
      if (!agrees(expectation, answer)) found.push({ ...expectation, answer });
    },
    { concurrency: atOnce },
  );
  return found;
}

export interface VerifyOptions {
  now: () => number;
  sleep: (ms: number) => Promise<void>;
  /** When the flip was written. */
  writtenAt: number;
  timeoutMs: number;
  /** Pause between rounds. Default 100 ms. */
  pauseMs?: number;
  /**
   * Rounds in a row that must agree: while a change propagates, old and new answers have been seen to alternate.
   * Default 3.
   */
  rounds?: number;
  progress?: (left: readonly Disagreement[]) => void;
  /** Shown each answer. */
  seen?: ((expectation: EdgeExpectation, answer: EdgeAnswer) => void) | undefined;
}

/**
 * Asks until every viewer gets an allowed origin. `propagationMs` runs from the write to the first of the agreeing
 * rounds; past the timeout, what still disagrees.
 */
export async function verifyEdge(
  edge: EdgeView,
  expectations: readonly EdgeExpectation[],
  { now, sleep, writtenAt, timeoutMs, pauseMs = 100, rounds = 3, progress, seen }: VerifyOptions,
): Promise<{ propagationMs: number } | { disagreements: Disagreement[] }> {
  let streak = 0;
  let agreedAt = 0;
  for (;;) {
    const startedAt = now();
    const disagreements = await findDisagreements(edge, expectations, { seen });
    if (disagreements.length > 0) streak = 0;
    else if (streak++ === 0) agreedAt = startedAt;
    if (streak >= rounds) return { propagationMs: Math.max(0, agreedAt - writtenAt) };
    progress?.(disagreements);
    if (now() - writtenAt > timeoutMs && streak === 0) return { disagreements };
    await sleep(pauseMs);
  }
}

/** `IN is answered by singapore, allowed: europe`. */
export function formatDisagreement({ country, allowed, answer }: Disagreement): string {
  const who = country ?? 'a viewer of no configured country';
  return 'problem' in answer
    ? `${who}: the edge ${answer.problem}`
    : `${who} is answered by ${answer.origins.join(' or ')}, allowed: ${allowed.join(', ')}`;
}

/**
 * `propagating`: as under a record that was replaced a moment ago. `covering`: the right origin fails its health check,
 * and the origin group served the request. `failing`: the viewer gets a 5xx, or nothing in time. `unknown`: who
 * answered cannot be known. The later, the worse.
 */
const edgeStates = ['agrees', 'propagating', 'covering', 'unknown', 'disagrees', 'failing'] as const;
export type EdgeState = (typeof edgeStates)[number];

/** What one viewer gets. */
export interface ViewerAtEdge {
  /** Null for a viewer of no configured country, or of wherever this machine is. */
  country: string | null;
  state: EdgeState;
  expected: readonly string[];
  /** Empty when who answered is not known. */
  answeredBy: readonly string[];
  /** One line for people; empty when there is nothing to say. */
  detail: string;
}

export interface EdgeFacts {
  /** By viewer, in the order of the expectations. */
  answers: readonly EdgeAnswer[];
  expectations: readonly EdgeExpectation[];
  /** What was expected under the records that were replaced within `propagationMs`, by record. */
  before: readonly (readonly EdgeExpectation[])[];
  /** Since the last write; undefined when there was none, or the edge had all its time. */
  sinceWriteMs: number | undefined;
  /** Origins that answered their health check just now. */
  good: ReadonlySet<string>;
}

/** How long an edge location may take for a change: 30 s is typical, the tail was seen to end at 75 s. */
export const propagationMs = 120_000;

export function judgeEdge({ answers, expectations, before, sinceWriteMs, good }: EdgeFacts): ViewerAtEdge[] {
  const age = sinceWriteMs === undefined ? '' : `${formatDuration(sinceWriteMs)} since the write`;
  return expectations.map((expectation, index) => {
    const answer: EdgeAnswer = answers[index] ?? { problem: 'was not asked', failed: false };
    const { country = null, allowed, covering = [] } = expectation;
    const answeredBy = 'origins' in answer ? answer.origins : [];
    const is = (state: EdgeState, detail = ''): ViewerAtEdge => ({ country, state, expected: allowed, answeredBy, detail });
    const old = sinceWriteMs === undefined ? undefined : before.map((each) => each[index]).find((each) => each && agrees(each, answer));
    const wait = age === '' ? '' : ` (${age})`;
    if ('problem' in answer) return is(answer.failed ? 'failing' : 'unknown', `the edge ${answer.problem}${wait}`);
    const who = answer.origins.join(' or ');
    if ((answer.status ?? 0) >= 500) return is('failing', `${who} answers ${answer.status}${wait}`);
    if (agrees(expectation, answer)) return is('agrees');
    const wanted = allowed.join(' or ');
    if (old !== undefined) return is('propagating', `${who} still answers, ${wanted} will (${age})`);
    if (answer.origins.some((origin) => covering.includes(origin)) && !allowed.some((origin) => good.has(origin)))
      return is('covering', `${who} answers in place of ${wanted}: the origin group is covering`);
    return is('disagrees', `${who} answers, expected ${wanted}`);
  });
}

export function worstState(viewers: readonly ViewerAtEdge[]): EdgeState {
  const worst = Math.max(0, ...viewers.map(({ state }) => edgeStates.indexOf(state)));
  return edgeStates[worst] ?? 'agrees';
}

/** `sample`: one country of each audience, since all of them take the same way through the router. */
type ViewerScope = 'all' | 'sample';

/** What LIVE does with these viewers under each record; a string says why that cannot be known. */
export type ExpectByLive = (records: readonly string[], viewers: ViewerChoice) => Promise<EdgeExpectation[][] | string>;

export interface ViewerChoice {
  routes: EdgeConfig['routes'];
  canChooseCountry: boolean;
  /** Some orders depend on the viewer's address. */
  isShared: boolean;
}

export interface ExpectedAtEdge {
  /** By record, then by viewer. */
  expectations: EdgeExpectation[][];
  by: 'LIVE' | 'edge.config.ts';
  /** Why it is not by LIVE. */
  note?: string;
}

export interface EdgeAudiences {
  audiences: readonly Audience[];
  /** Those of the service that has the path for which the edge is asked. Default all. */
  edgeAudiences?: readonly Audience[] | undefined;
}

/**
 * Which origin should answer each viewer under each record: by running the LIVE function, since the working tree may be
 * another; by configuration where that is not possible.
 */
export async function expectAtEdge(
  { audiences, edgeAudiences = audiences, expectByLive }: EdgeAudiences & { expectByLive?: ExpectByLive | undefined },
  { canChooseCountry }: Pick<EdgeView, 'canChooseCountry'>,
  records: readonly string[],
  scope: ViewerScope,
  now: number,
): Promise<ExpectedAtEdge> {
  const asked = scope === 'all' ? edgeAudiences : sampleAudiences(edgeAudiences);
  const routes = asked
    .filter(({ countries }) => countries.length > 0)
    .map(({ countries, order }) => ({ countries: [...countries], order: [...order] }));
  const isShared = asked.some(({ slices }) => slices !== undefined);
  const found = (await expectByLive?.(records, { routes, canChooseCountry, isShared })) ?? 'LIVE was not read';
  if (typeof found !== 'string') return { expectations: found, by: 'LIVE' };
  const expectations = records.map((record) => {
    const weights = effectiveWeights(parseLiveRecord(new Map([[healthKey, record]]), now));
    return listExpectations(asked, weights, canChooseCountry);
  });
  return { expectations, by: 'edge.config.ts', note: `compared with edge.config.ts: ${found}` };
}

/** The viewers to ask the edge for, in the order of the expectations. */
export function sampleAudiences(audiences: readonly Audience[]): Audience[] {
  return audiences.map(({ countries, order, slices }) => ({
    countries: countries.slice(0, 1),
    order,
    ...(slices !== undefined && { slices }),
  }));
}

/** The viewer to ask for, and the origins that may answer. */
export interface EdgeExpectation {
  /** Undefined for a viewer of unknown or unlisted country. */
  country: string | undefined;
  /** The viewer's address, on which a partial weight depends; undefined for whatever this machine has. */
  ip?: string | undefined;
  /** Empty when the function chooses no origin by its id, and any is right. */
  allowed: readonly string[];
  /** Those that serve a request which the first one fails. */
  covering?: readonly string[];
}

/**
 * What each viewer may get under these weights: every configured country and one without, or any viewer when the
 * country cannot be chosen.
 */
export function listExpectations(audiences: readonly Audience[], weights: Weights, canChooseCountry: boolean): EdgeExpectation[] {
  const each = audiences.map((audience) => {
    const { countries, order } = audience;
    const allowed = [...countShares(audience, weights).keys()];
    return { countries, allowed, covering: order.filter((origin) => !allowed.includes(origin) && weights[origin] !== 0) };
  });
  if (!canChooseCountry) {
    const allowed = [...new Set(each.flatMap((one) => one.allowed))];
    const covering = [...new Set(each.flatMap((one) => one.covering))].filter((origin) => !allowed.includes(origin));
    return [{ country: undefined, allowed, covering }];
  }
  return each.flatMap(({ countries, allowed, covering }) =>
    (countries.length === 0 ? [undefined] : countries).map((country) => ({ country, allowed, covering })),
  );
}
