import pMap from 'p-map';
import { messageOf } from '../text/message-of.ts';
import { askCase } from './ask-case.ts';
import { type BoundedCall, type CallCounts, openBoundedCall, openMeter, planCounts, priceOf } from './budget.ts';
import { distributionCases } from './cases/distributions.ts';
import { edgeCases, failureCases } from './cases/edge.ts';
import { functionCases } from './cases/functions.ts';
import { propagationCases } from './cases/propagation.ts';
import { runtimeCases } from './cases/runtime.ts';
import { storeCases } from './cases/stores.ts';
import {
  type CaseAnswer,
  type CaseGroup,
  type CaseVerdict,
  type ConformanceCase,
  normalizeText,
  normalizeValue,
  sameAnswer,
} from './conformance-case.ts';
import type { Journal } from './journal.ts';
import type { Asking } from './measure.ts';
import type { ConformanceTarget } from './target.ts';
import { type Leftover, type NotRemoved, tearDown } from './tear-down.ts';
import { makeStoreAndFunctions, startDistribution, type ThrowAway } from './throw-away.ts';

export interface ConformancePlan {
  cases: readonly ConformanceCase[];
  needsDistribution: boolean;
  /** The most that the run may use. */
  limits: CallCounts;
  /** What the limits cost. */
  usd: number;
}

/**
 * The cases that the target can answer, those whose ids begin with one of `only`, and what asking them costs at most.
 */
export function planConformance(target: Pick<ConformanceTarget, 'pace' | 'leavesOut'>, only: readonly string[] = []): ConformancePlan {
  const { leavesOut = [] } = target;
  const isAsked = (id: string) => only.length === 0 || only.some((prefix) => id.startsWith(prefix));
  const cases = conformanceCases.filter(({ id }) => isAsked(id) && !leavesOut.includes(id));
  const limits = planCounts(cases, target.pace);
  return { cases, limits, usd: priceOf(limits).usd, needsDistribution: cases.some(({ needs }) => needs === 'distribution') };
}

/** What happens in a run. */
export type RunEvent =
  | { kind: 'made' }
  | { kind: 'removing' }
  | { kind: 'deploying'; state: string }
  | { kind: 'asked'; row: ReportRow }
  | { kind: 'removed'; one: Leftover }
  | { kind: 'journal-stays'; problem: string };

export interface RunOptions {
  run: string;
  target: ConformanceTarget;
  plan: ConformancePlan;
  journal: Journal;
  roleArn?: string | undefined;
  /** Ends the questions, never the removal. */
  signal: AbortSignal;
  /** Called for each thing that happens. */
  report: (event: RunEvent) => void;
}

/** One case and its verdict. */
export interface ReportRow {
  id: string;
  group: CaseGroup;
  question: string;
  emulated: unknown;
  /** Null where the case could not be asked. */
  answered: unknown;
  verdict: CaseVerdict;
  /** What was seen beside the answer, such as a time or the text of an error; not compared. */
  note?: string;
  source: string;
  open?: string;
}

/** A run, without account ids, ARNs and names: it can be committed. */
export interface ConformanceReport {
  target: 'local' | 'aws';
  /** Of its beginning, such as 2026-11-30. */
  date: string;
  seconds: number;
  summary: Readonly<Record<CaseVerdict, number>>;
  counts: CallCounts;
  /** What those cost, before any free tier. */
  usd: number;
  rows: readonly ReportRow[];
  /** What could not be removed. Not part of what is written to a file. */
  left: readonly NotRemoved[];
  /** Why the run ended early. */
  failure?: string;
}

/** Makes a throw-away world, asks the cases, and removes the world whatever happens. */
export async function runConformance(options: RunOptions): Promise<ConformanceReport> {
  const { run, target, plan, journal, signal, report } = options;
  const meter = openMeter(plan.limits);
  const bounded = openBoundedCall(target.call, meter, target.sleep);
  // A measurement makes hundreds of calls: each of them ends with the signal.
  const call: BoundedCall = async (...given) => {
    signal.throwIfAborted();
    return bounded(...given);
  };
  const request: ConformanceTarget['request'] = async (distribution, viewerCall) => {
    signal.throwIfAborted();
    meter.count('requests');
    return target.request(distribution, viewerCall);
  };
  const startedAt = target.now();
  const rows: ReportRow[] = [];
  let failure: string | undefined;
  let left: NotRemoved[] = [];
  const made: Leftover[] = [];
  const make = {
    ...options,
    call,
    cases: plan.cases,
    journal: noteMade(journal, made),
    progress: (state: string) => report({ kind: 'deploying', state }),
  };
  const free = plan.cases.filter(({ needs }) => needs === 'free');
  const others = plan.cases.filter(({ needs }) => needs === 'distribution');
  try {
    const throwAway = await makeStoreAndFunctions(make);
    const asking = { target: { ...target, request }, call, throwAway };
    report({ kind: 'made' });
    // It deploys for minutes, and meanwhile the other cases are asked.
    const deployed = others.length === 0 ? undefined : await startDistribution(throwAway, make).catch(toFailure);
    rows.push(...(await askAll(free, asking, options)));
    if (deployed !== undefined) {
      const problem = typeof deployed === 'string' ? deployed : await deployed().then(() => undefined, toFailure);
      if (problem === undefined) rows.push(...(await askAll(others, asking, options)));
      else rows.push(...others.map((one) => toRow(one, { problem: `no distribution: ${problem}` }, throwAway, target)));
      failure = problem;
    }
  } catch (error) {
    failure = messageOf(error);
  } finally {
    report({ kind: 'removing' });
    left = await tearDown(target, [run], (one) => report({ kind: 'removed', one }), made);
    if (left.length === 0) await journal.remove().catch((error: unknown) => report({ kind: 'journal-stays', problem: messageOf(error) }));
  }
  const asked = new Set(rows.map(({ id }) => id));
  const ended = failure === undefined ? undefined : normalizeText(failure, { run, accountId: target.accountId, domains: [] });
  const reason = signal.aborted ? 'the run was stopped' : (ended ?? 'not asked');
  for (const one of plan.cases) if (!asked.has(one.id)) rows.push(toRow(one, { problem: reason }, undefined, target));
  return {
    target: target.name,
    date: new Date(startedAt).toISOString().slice(0, 10),
    seconds: Math.round((target.now() - startedAt) / 1_000),
    summary: summarizeRows(rows),
    counts: meter.counts,
    usd: priceOf(meter.counts).usd,
    rows,
    left,
    ...(ended !== undefined && { failure: ended }),
  };
}

/**
 * Also keeps in memory what the journal has of things that can be deleted: all but a distribution whose id no answer
 * has named.
 */
function noteMade(journal: Journal, made: Leftover[]): Journal {
  return {
    ...journal,
    async creating(kind, name) {
      await journal.creating(kind, name);
      if (kind !== 'distribution') made.push({ kind, name });
    },
    async created(kind, name, id) {
      made.push({ kind, name: id });
      await journal.created(kind, name, id);
    },
  };
}

const toFailure = (error: unknown): string => messageOf(error);

/** Requests at once: enough to be short, few enough that no limit of a small account is met. */
const concurrency = 6;

async function askAll(cases: readonly ConformanceCase[], asking: Omit<Asking, 'nonce'>, options: RunOptions): Promise<ReportRow[]> {
  const isIndependent = ({ ask, id }: ConformanceCase) => ask.kind === 'edge' && !id.startsWith('failure-');
  const together = cases.filter(isIndependent);
  const rows = await pMap(together, (one) => askOne(one, asking, options), { concurrency });
  for (const one of cases.filter((each) => !isIndependent(each))) rows.push(await askOne(one, asking, options));
  return rows.filter((row) => row !== undefined);
}

async function askOne(
  one: ConformanceCase,
  asking: Omit<Asking, 'nonce'>,
  { signal, report, target }: RunOptions,
): Promise<ReportRow | undefined> {
  if (signal.aborted) return undefined;
  const { throwAway } = asking;
  let outcome: Outcome;
  try {
    outcome = await askCase(one, { ...asking, nonce: `${throwAway.run}-${one.id}` });
  } catch (error) {
    outcome = { problem: messageOf(error) };
  }
  const row = toRow(one, outcome, throwAway, target);
  report({ kind: 'asked', row });
  return row;
}

type Outcome = CaseAnswer | { problem: string };

function toRow(one: ConformanceCase, outcome: Outcome, throwAway: ThrowAway | undefined, { accountId }: ConformanceTarget): ReportRow {
  const { domainA = '', domainB = '' } = throwAway?.values ?? {};
  const domains = [domainA, domainB, throwAway?.distribution?.domain ?? '', throwAway?.distribution?.id ?? ''];
  const hidden = { run: throwAway?.run ?? '<run>', accountId, domains };
  const { id, group, question, expect, source, open } = one;
  const base = { id, group, question, emulated: expect, source, ...(open !== undefined && { open }) };
  if ('problem' in outcome) return { ...base, answered: null, verdict: 'could not ask', note: normalizeText(outcome.problem, hidden) };
  const answered = normalizeValue(outcome.value, hidden);
  const note = outcome.note === undefined ? undefined : normalizeText(outcome.note, hidden);
  return {
    ...base,
    answered,
    verdict: sameAnswer(answered, expect) ? 'same' : 'different',
    ...(note !== undefined && note !== '' && { note }),
  };
}

const measured = (needs: ConformanceCase['needs']) => propagationCases.filter((one) => one.needs === needs);
const apiCases = [...storeCases, ...functionCases, ...distributionCases];

/** In the order in which they are asked: those that need no distribution first, those that break a function last. */
export const conformanceCases: readonly ConformanceCase[] = [
  ...apiCases.filter(({ needs }) => needs === 'free'),
  ...runtimeCases,
  ...measured('free'),
  ...edgeCases,
  ...measured('distribution'),
  ...apiCases.filter(({ needs }) => needs === 'distribution'),
  ...failureCases,
];

function summarizeRows(rows: readonly ReportRow[]): Record<CaseVerdict, number> {
  const count = (verdict: CaseVerdict) => rows.filter((row) => row.verdict === verdict).length;
  return { same: count('same'), different: count('different'), 'could not ask': count('could not ask') };
}
