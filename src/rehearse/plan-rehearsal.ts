import { parseHealthRecord } from '../../kvs/health-record.ts';
import { effectiveWeights, overrideInForce, parseLiveRecord } from '../core/live-record.ts';
import { type Audience, type AudienceMove, formatAudience, listGainers, listMoves } from '../core/viewer-shares.ts';
import { EdgeError, type ErrorCode } from '../errors.ts';
import type { Proof } from '../failover/plan-failover.ts';
import { formatDuration, formatTime } from '../text/time.ts';
import { pageOf, typed } from '../text/typed.ts';

/** What a rehearsal is asked to do. Times are milliseconds. */
export interface RehearsalRequest {
  /** The origin that is evacuated. */
  origin: string;
  /** Percent of the origin's viewers that are away, step by step; rising. */
  steps: readonly number[];
  /** How long each step is watched once it is at the edge. */
  holdMs: number;
  /** How long the edge may take for a write. */
  verifyMs: number;
  /** What the override lasts beyond the step, so that the next step is written before it ends. */
  marginMs: number;
  bounds: Bounds;
  /** Only viewers of this service, or of these countries, may move. */
  service?: string | undefined;
  countries?: readonly string[] | undefined;
}

/** SeenSummary outside of them ends the rehearsal. */
export interface Bounds {
  maxErrorPercent: number;
  /** Of 95 of 100 answers. */
  maxLatencyMs: number;
}

export interface RehearsalPlan {
  origin: string;
  /** The origins that take the viewers. */
  fallbacks: string[];
  steps: PlannedStep[];
  bounds: Bounds;
  holdMs: number;
  verifyMs: number;
  /** The shortest and the longest time until the last step has been watched. */
  durationMs: { least: number; most: number };
  /** Each override ends this long after its step is written, whatever becomes of this process. */
  leaseMs: number;
  /** Audiences that have the origin, and no other one to go to. */
  staying: Audience[];
  /** Why it must not start; empty when it may. */
  objections: Objection[];
}

export interface PlannedStep {
  /** Of the origin's own viewers. */
  percent: number;
  /** What the origin keeps. */
  weight: number;
  moves: AudienceMove[];
}

interface Objection {
  code: ErrorCode;
  /** A sentence without its full stop. */
  message: string;
  hint?: string;
}

export interface PlanFacts {
  /** Of the store. */
  values: ReadonlyMap<string, string>;
  origins: readonly string[];
  audiences: readonly Audience[];
  proofs: ReadonlyMap<string, Proof>;
  /** Epoch milliseconds. */
  at: number;
}

export const defaultSteps: readonly number[] = [1, 5, 25, 100];
const maxSteps = 10;

/** `1,5,25,100`; undefined for anything but 1 to 10 rising percentages. */
export function parseSteps(text: string): number[] | undefined {
  const steps = text.split(',').map((part) => (/^\s*\d{1,3}\s*%?\s*$/.test(part) ? Number.parseInt(part, 10) : Number.NaN));
  const isRising = steps.every((step, index) => step >= 1 && step <= 100 && step > (steps[index - 1] ?? 0));
  return isRising && steps.length <= maxSteps ? steps : undefined;
}

/** The steps, who moves at each, and everything that speaks against a start. Pure. */
export function planRehearsal(request: RehearsalRequest, facts: PlanFacts): RehearsalPlan {
  const { origin, holdMs, verifyMs, marginMs, bounds } = request;
  const { values, origins, audiences, at } = facts;
  const before = effectiveWeights(parseLiveRecord(values, at, origins));
  const steps = request.steps.map((percent): PlannedStep => {
    const weight = 100 - percent;
    return { percent, weight, moves: listMoves(audiences, before, { ...before, [origin]: weight }) };
  });
  const fallbacks = listGainers(steps.flatMap(({ moves }) => moves));
  const plan = {
    origin,
    fallbacks,
    steps,
    bounds,
    holdMs,
    verifyMs,
    durationMs: { least: steps.length * holdMs, most: steps.length * (holdMs + verifyMs) },
    leaseMs: verifyMs + holdMs + marginMs,
    staying: audiences.filter(({ order }) => order.length === 1 && order[0] === origin),
  };
  return { ...plan, objections: [...objectToRecord(facts), ...objectToOrigins(plan, facts), ...objectToScope(request, plan)] };
}

/** Throws the first objection with its code, and the others in its line. */
export function refuseRehearsal({ objections }: Pick<RehearsalPlan, 'objections'>): void {
  const [first] = objections;
  if (first === undefined) return;
  throw new EdgeError(first.code, `the rehearsal does not start: ${objections.map(({ message }) => message).join('; ')}`, {
    ...(first.hint !== undefined && { hint: first.hint }),
  });
}

function objectToRecord({ values, origins, at }: PlanFacts): Objection[] {
  const live = parseLiveRecord(values, at, origins);
  const hint = `${typed('failover --')} status shows where viewers go`;
  if (parseHealthRecord(live.text, origins) === undefined)
    return [{ code: 'NOT_READY', message: `the health record is not readable: ${live.text}`, hint }];
  const override = overrideInForce(live);
  if (override !== undefined)
    return [
      {
        code: 'CONFLICT',
        message: `an override of ${override.by} is in force until ${formatTime(override.until, at)}: ${override.reason}`,
        hint: `wait for its end, or end it: ${typed('failover -- auto --reason "rehearsal"')}`,
      },
    ];
  return origins.flatMap((origin): Objection[] => {
    const weight = live.automatic[origin] ?? 100;
    const { verdict, heldUntil = 0 } = live.state.origins[origin] ?? {};
    if (verdict === 'unhealthy') return [{ code: 'ORIGIN_UNHEALTHY', message: `the flipper has ${origin} as unhealthy`, hint }];
    if (weight < 100) return [{ code: 'NOT_READY', message: `automation keeps ${origin} at weight ${weight}`, hint }];
    if (heldUntil > at) return [{ code: 'NOT_READY', message: `${origin} is in its hold-down until ${formatTime(heldUntil, at)}`, hint }];
    return [];
  });
}

function objectToOrigins({ origin, fallbacks }: Pick<RehearsalPlan, 'origin' | 'fallbacks'>, { origins, proofs }: PlanFacts): Objection[] {
  return origins.flatMap((id): Objection[] => {
    const { verdict = 'unknown', evidence } = proofs.get(id) ?? {};
    const isTouched = id === origin || fallbacks.includes(id);
    if (verdict === 'healthy' || (verdict === 'unknown' && !isTouched)) return [];
    return [{ code: 'ORIGIN_UNHEALTHY', message: `${id} is ${verdict}${evidence === undefined ? '' : ` (${evidence})`}` }];
  });
}

function objectToScope({ origin, service, countries }: RehearsalRequest, { steps }: Pick<RehearsalPlan, 'steps'>): Objection[] {
  const moved = steps.at(-1)?.moves.map(({ audience }) => audience) ?? [];
  if (moved.length === 0)
    return [
      {
        code: 'USAGE',
        message: `no viewer has ${origin} as the first origin and another one after it`,
        hint: `${typed('function:explain')} shows where viewers go`,
      },
    ];
  const outside = moved.filter((audience) => !isInScope(audience, service, countries));
  if (outside.length === 0) return [];
  return [
    {
      code: 'USAGE',
      message: `a weight of ${origin} also moves ${outside.map(formatAudience).join('; ')}`,
      hint: `the record has one weight for each origin; give these viewers an origin of their own (${pageOf('rehearse.md')}), or rehearse all viewers of the origin`,
    },
  ];
}

function isInScope(audience: Audience, service: string | undefined, countries: readonly string[] | undefined): boolean {
  if (service !== undefined && audience.service !== service) return false;
  return countries === undefined || (audience.countries.length > 0 && audience.countries.every((one) => countries.includes(one)));
}

/** The plan for people. */
export function formatRehearsalPlan(plan: RehearsalPlan): string[] {
  const { origin, fallbacks, steps, bounds, holdMs, verifyMs, durationMs, leaseMs, staying, objections } = plan;
  const last = steps.at(-1)?.moves ?? [];
  return [
    `rehearsal  ${origin} → ${fallbacks.join(', ') || 'no origin'}`,
    `steps      ${steps.map(({ percent }) => `${percent} %`).join(', ')} of the viewers of ${origin}, each watched for ${formatDuration(holdMs)}`,
    ...last.map(({ audience, before, after }) => {
      const gone = (before.get(origin) ?? 0) - (after.get(origin) ?? 0);
      return `viewers    ${formatAudience(audience)}: ${gone} % of them at the last step`;
    }),
    ...staying.map((audience) => `viewers    ${formatAudience(audience)}: stay, they have no other origin`),
    `duration   ${formatDuration(durationMs.least)} to ${formatDuration(durationMs.most)}`,
    `aborts     when more than ${bounds.maxErrorPercent} % of the checks of ${fallbacks.join(', ') || 'the fallback'} fail, or 3 in a row;`,
    `           when 95 % of the answers take longer than ${formatDuration(bounds.maxLatencyMs)}; when ${origin} fails; when an alarm goes off;`,
    `           when the edge does not follow within ${formatDuration(verifyMs)}; when another operator or the flipper moves viewers`,
    `home       at the end, at an abort and at Ctrl-C; without this process at most ${formatDuration(leaseMs)} after the last step was written`,
    ...objections.map(({ message }) => `danger     ${message}`),
  ];
}
