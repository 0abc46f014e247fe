import { createHash } from 'node:crypto';
import { z } from 'zod';
import { cutText } from '../../kvs/cut-text.ts';
import { remoteAliases } from '../config/flipper-variables.ts';
import { refuseUnknownOrigin } from '../config/origin-names.ts';
import { maxOverrideMs } from '../core/flip.ts';
import { maxReportLagMs, reportSourceText } from '../core/reports.ts';
import { EdgeError } from '../errors.ts';
import { parseIntent, type WriteIntent } from '../failover/failover-intent.ts';
import type { ReportRequest } from '../failover/report.ts';
import { isRecord } from '../text/is-record.ts';
import { parseDuration } from '../text/time.ts';

/** The right by which an event came. `schedule`: the function without one of the two aliases. */
export type Door = 'operator' | 'reporter' | 'schedule';

/** What a remote event asks for. */
export type RemoteCall =
  | { action: 'status' }
  | { action: 'report'; request: ReportRequest }
  | {
      action: WriteIntent['command'];
      intent: WriteIntent;
      /** Two events under one id must have the same. */
      content: string;
      /** The caller's; undefined: the invocation's own. */
      requestId: string | undefined;
      /** Epoch milliseconds. */
      requestedAt: number | undefined;
      /** As the caller claims. */
      author: string | undefined;
    };

export interface RemoteEventContext {
  /** The region of each origin of edge.config.ts. */
  regions: Readonly<Record<string, string>>;
  now: number;
}

/** By the ARN that the caller named, which Lambda hands over and IAM has checked. */
export function readDoor(invokedFunctionArn: string | undefined): Door {
  const alias = invokedFunctionArn?.split(':')[7];
  return alias === remoteAliases.operator || alias === remoteAliases.reporter ? alias : 'schedule';
}

/** An event that asks for an action, whatever else is wrong with it. */
export function isRemoteEvent(event: unknown): boolean {
  return isRecord(event) && (Object.hasOwn(event, 'action') || isRegionSwitchEvent(event));
}

/** ARC Region switch adds these to the payload of a plan's custom action (API_Lambdas of its API reference). */
const regionSwitchKeys = ['InvokedBy', 'PlanArn', 'ExecutionId', 'StepName'];

/** An execution of a plan of ARC Region switch. */
export function isRegionSwitchEvent(event: unknown): boolean {
  return isRecord(event) && typeof event['ExecutionId'] === 'string' && typeof event['PlanArn'] === 'string';
}

const text = (maxLength: number) =>
  z
    .string()
    .min(1)
    .max(maxLength)
    .refine((value) => !/[\p{Cc}\p{Cs}\u2028\u2029]/u.test(value) && value.trim() !== '', 'must be one line without control characters');
const time = z.iso.datetime({ offset: true }).transform((value) => Date.parse(value));
const durationUpTo = (maxMs: number, example: string) =>
  z
    .string()
    .max(20)
    .transform((value) => parseDuration(value) ?? Number.NaN)
    .refine((ms) => ms > 0 && ms <= maxMs, `must be a duration such as "${example}"`);

const maxIdBytes = 128;
const asked = { reason: text(300), author: text(60).optional(), requestId: text(maxIdBytes).optional(), requestedAt: time.optional() };
const target = { origin: text(63).optional(), region: text(64).optional(), for: durationUpTo(maxOverrideMs, '2h", at most "72h') };
const breakGlass = text(200).optional();

const schemas = {
  to: z.strictObject({ action: z.literal('to'), ...target, ...asked, breakGlass }),
  drain: z.strictObject({ action: z.literal('drain'), ...target, ...asked, breakGlass, weight: z.int().min(0).max(100).optional() }),
  auto: z.strictObject({ action: z.literal('auto'), ...asked }),
  status: z.strictObject({ action: z.literal('status') }),
  report: z.strictObject({
    action: z.literal('report'),
    origin: text(63),
    opinion: z.enum(['healthy', 'unhealthy']),
    ttl: durationUpTo(Number.MAX_SAFE_INTEGER, '10m'),
    source: z.string().regex(reportSourceText, 'must be 1 to 24 of a-z, 0-9 and "-", starting with a letter'),
    reason: text(300).optional(),
    at: time.optional(),
  }),
};

const actionsOf: Readonly<Record<Door, readonly (keyof typeof schemas)[]>> = {
  operator: ['to', 'drain', 'auto', 'status'],
  reporter: ['report'],
  schedule: [],
};

/**
 * The call of an event that came by this door. USAGE, ACCESS_DENIED or ORIGIN_UNKNOWN for one that cannot be done,
 * whatever its values are.
 */
export function parseRemoteEvent(event: unknown, door: Door, context: RemoteEventContext): RemoteCall {
  const fields = isRegionSwitchEvent(event)
    ? unwrapRegionSwitch(event as Record<string, unknown>)
    : door === 'reporter'
      ? unwrapSns(event)
      : event;
  if (!isRecord(fields)) throw misuse(`the event must be a JSON object, got ${describe(fields)}`, 'for example {"action":"status"}');
  const action = fields['action'];
  if (typeof action !== 'string' || !Object.hasOwn(schemas, action))
    throw misuse(
      `unknown action ${describe(action)}`,
      door === 'schedule' ? 'actions come by an alias' : `actions of this alias: ${actionsOf[door].join(', ')}`,
    );
  checkDoor(action as keyof typeof schemas, door);
  const unknown = Object.keys(fields).find((key) => !Object.hasOwn(schemas[action as keyof typeof schemas].shape, key));
  if (unknown !== undefined)
    throw misuse(
      `${action} takes no field ${describe(unknown)}`,
      `fields: ${Object.keys(schemas[action as keyof typeof schemas].shape).join(', ')}`,
    );
  const parsed = schemas[action as keyof typeof schemas].safeParse(fields);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = String(issue?.path[0] ?? 'event');
    throw misuse(`${field}: ${issue?.message}${Object.hasOwn(fields, field) ? `, got ${describe(fields[field])}` : ''}`);
  }
  const call = parsed.data;
  if (call.action === 'status') return { action: 'status' };
  if (call.action === 'report') return parseReport(call, context);
  const { requestId, requestedAt, author, ...rest } = call;
  const origin = call.action === 'auto' ? undefined : findOrigin(call, context.regions);
  const values = {
    for: call.action === 'auto' ? undefined : call.for,
    reason: call.reason,
    weight: call.action === 'drain' ? call.weight : undefined,
    'break-glass': call.action === 'auto' ? undefined : call.breakGlass,
    watch: false,
    yes: false,
  };
  const words = origin === undefined ? [call.action] : [call.action, origin];
  const intent = parseIntent(words, values, Object.keys(context.regions), context.now) as WriteIntent;
  return { action: call.action, intent, content: JSON.stringify([rest, origin]), requestId, requestedAt, author };
}

function checkDoor(action: keyof typeof schemas, door: Door): void {
  if (actionsOf[door].includes(action)) return;
  const right = action === 'report' ? remoteAliases.reporter : remoteAliases.operator;
  const came = door === 'schedule' ? 'without one of the aliases' : `by the alias ${door}`;
  throw new EdgeError('ACCESS_DENIED', `the action ${action} must come by the alias ${right}, this event came ${came}`, {
    hint: `invoke the function with --qualifier ${right}; IAM must allow lambda:InvokeFunction on the ARN that ends in :${right}`,
  });
}

/** Region switch names no origin: the plan's payload may name a region instead. */
function findOrigin(
  { origin, region }: { origin?: string | undefined; region?: string | undefined },
  regions: RemoteEventContext['regions'],
): string {
  if ((origin === undefined) === (region === undefined))
    throw misuse('name either origin or region', `origins: ${Object.keys(regions).join(', ')}`);
  if (origin !== undefined) return origin;
  const found = Object.keys(regions).filter((id) => regions[id] === region);
  const [first] = found;
  if (first === undefined)
    throw new EdgeError('ORIGIN_UNKNOWN', `no origin of edge.config.ts is in the region ${describe(region)}`, {
      hint: `regions: ${[...new Set(Object.values(regions))].join(', ')}`,
    });
  if (found.length > 1)
    throw misuse(`the region ${describe(region)} has several origins: ${found.join(', ')}`, 'name one of them as origin');
  return first;
}

function parseReport(call: z.output<typeof schemas.report>, { regions, now }: RemoteEventContext): RemoteCall {
  const { action, origin, opinion, ttl, source, reason = '', at = now } = call;
  refuseUnknownOrigin(origin, Object.keys(regions));
  if (Math.abs(now - at) > maxReportLagMs)
    throw misuse(
      `the report is ${at > now ? 'from the future' : 'too old'}: at is ${Math.round(Math.abs(now - at) / 1_000)} s ${at > now ? 'ahead of' : 'behind'} this function's clock`,
      'at most 60 s: check the clocks, or leave at out',
    );
  return { action, request: { origin, opinion, source, ttlMs: ttl, reason, at } };
}

/** The payload of a plan, without what Region switch added. Other keys in capitals may be new ones of its own. */
function unwrapRegionSwitch(event: Record<string, unknown>): Record<string, unknown> {
  if (!Object.hasOwn(event, 'action'))
    throw misuse(
      'Region switch sent no payload, so this function does not know the target',
      'give the step a payload such as {"action":"to","region":"eu-central-1","for":"24h"}',
    );
  const payload = Object.fromEntries(Object.entries(event).filter(([key]) => !regionSwitchKeys.includes(key) && !/^[A-Z]/.test(key)));
  const step = typeof event['StepName'] === 'string' ? event['StepName'] : 'custom action';
  return {
    ...payload,
    ...(payload['action'] === 'status' ? {} : { author: payload['author'] ?? 'ARC Region switch' }),
    ...(payload['action'] === 'status' || payload['reason'] !== undefined ? {} : { reason: cutText(`Region switch: ${step}`, 200) }),
    ...(payload['action'] === 'status' || payload['requestId'] !== undefined
      ? {}
      : { requestId: shortId(`${String(event['ExecutionId'])}/${step}`) }),
  };
}

/**
 * The text where it is an id already. A longer one keeps its beginning for people and a hash of all of it: two that
 * differ at the end are two.
 */
function shortId(text: string): string {
  const line = cutText(text, maxIdBytes);
  return line === text ? text : `${cutText(text, 80)} ${createHash('sha256').update(text).digest('hex').slice(0, 40)}`;
}

/** The message of a topic to which the alias subscribes, with the time at which it was published. */
function unwrapSns(event: unknown): unknown {
  const records = isRecord(event) ? event['Records'] : undefined;
  if (!Array.isArray(records)) return event;
  const [record] = records as unknown[];
  const sns = isRecord(record) ? record['Sns'] : undefined;
  if (records.length !== 1 || !isRecord(sns) || typeof sns['Message'] !== 'string') throw misuse('the event has no single message of SNS');
  let message: unknown;
  try {
    message = JSON.parse(sns['Message']);
  } catch {
    throw misuse(
      'the message of SNS must be JSON',
      'for example {"action":"report","origin":"singapore","opinion":"unhealthy","ttl":"10m","source":"prometheus"}',
    );
  }
  return isRecord(message) && message['at'] === undefined ? { ...message, at: sns['Timestamp'] } : message;
}

function misuse(message: string, hint = 'docs/remote.md has every field'): EdgeError {
  return new EdgeError('USAGE', message, { hint });
}

/** What was found, on one short line. */
function describe(value: unknown): string {
  return cutText(JSON.stringify(value)?.slice(0, 200) ?? 'nothing', 80);
}
