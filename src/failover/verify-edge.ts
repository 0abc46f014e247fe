import pMap from 'p-map';
import type { Weights } from '../core/state-record.ts';
import { type Audience, countShares } from '../core/viewer-shares.ts';
import type { EdgeAnswer, EdgeView } from '../probe/edge-view.ts';

/** Whom to ask for, and who may answer. */
export interface Expectation {
  /** Undefined for a viewer of unknown or unlisted country. */
  country: string | undefined;
  /** The viewer's address, on which a partial weight depends; undefined for whatever this machine has. */
  ip?: string | undefined;
  /** Empty when the function chooses no origin by its id, and any is right. */
  allowed: readonly string[];
  /** Those that serve a request which the first one fails. */
  covering?: readonly string[];
}

export interface Disagreement extends Expectation {
  answer: EdgeAnswer;
}

/** What each viewer may get under these weights: every configured country and one without, or whoever asks when the country cannot be chosen. */
export function listExpectations(audiences: readonly Audience[], weights: Weights, canChooseCountry: boolean): Expectation[] {
  const each = audiences.map(({ countries, order }) => {
    const allowed = [...countShares(order, weights).keys()];
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

/** The answer comes from where it should. */
export function agrees({ allowed }: Expectation, answer: EdgeAnswer): boolean {
  return 'origins' in answer && (allowed.length === 0 || answer.origins.some((origin) => allowed.includes(origin)));
}

/** Asks the edge once for each; `atOnce` requests are on their way at a time. */
export async function findDisagreements(
  edge: EdgeView,
  expectations: readonly Expectation[],
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
  /** Rounds in a row that must agree: while a change propagates, old and new answers have been seen to alternate. Default 3. */
  rounds?: number;
  progress?: (left: readonly Disagreement[]) => void;
  /** Shown each answer. */
  seen?: ((expectation: Expectation, answer: EdgeAnswer) => void) | undefined;
}

/** Asks until every viewer gets an allowed origin. `propagationMs` runs from the write to the first of the agreeing rounds; past the timeout, what still disagrees. */
export async function verifyEdge(
  edge: EdgeView,
  expectations: readonly Expectation[],
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
