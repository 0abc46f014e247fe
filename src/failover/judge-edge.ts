import type { EdgeAnswer } from '../probe/edge-view.ts';
import { formatDuration } from '../text/duration.ts';
import { agrees, type Expectation } from './verify-edge.ts';

/**
 * `propagating`: as under a record that was replaced a moment ago. `covering`: the right origin fails its health check, and the origin group served the request.
 * `failing`: the viewer gets a 5xx, or nothing in time. `unknown`: who answered cannot be known. The later, the worse.
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
  expectations: readonly Expectation[];
  /** What was expected under the records that were replaced within `propagationMs`, by record. */
  before: readonly (readonly Expectation[])[];
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
