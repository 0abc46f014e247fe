import type { OriginChoice, OriginRoute } from './origin-choice.ts';
import { connectFailures, type OriginFailure, type OriginReply } from './origin-exchange.ts';

/** What came of the origins. */
export interface FailoverResult {
  reply: OriginReply;
  /** Why the first origin was passed over. */
  passedOver: string | undefined;
}

/**
 * Asks the primary, and the secondary when the group's criteria say so (AWS: high_availability_origin_failover.html): safe methods only, OPTIONS when it is a
 * cached method; a listed status; no connection when 503 is listed, no answer in time when 504 is. That a connection refused or dropped also counts when 502,
 * the status the viewer would get, is listed is our reading. What a group made at run time does with other methods is not documented: the primary alone here.
 */
export async function askOrigins(
  choice: OriginChoice,
  canFailOver: boolean,
  ask: (route: OriginRoute) => Promise<OriginReply>,
): Promise<FailoverResult> {
  const { primary, secondary, failoverCodes } = choice;
  const reply = await ask(primary);
  const cause = secondary !== undefined && canFailOver ? failoverCause(reply, failoverCodes) : undefined;
  if (secondary === undefined || cause === undefined) return { reply, passedOver: undefined };
  if (reply.kind === 'response') reply.discard();
  return { reply: await ask(secondary), passedOver: `${primary.origin.id}: ${cause}` };
}

/** The status CloudFront answers with when an origin gave no response: 504 for time, 502 for the rest (AWS: troubleshooting-response-errors.html). */
export function failureStatus(failure: OriginFailure): number {
  return failure === 'connect-timeout' || failure === 'read-timeout' ? 504 : 502;
}

function failoverCause(reply: OriginReply, codes: readonly number[]): string | undefined {
  if (reply.kind === 'response') return codes.includes(reply.head.statusCode) ? `status ${reply.head.statusCode}` : undefined;
  if (reply.kind === 'upgraded') return undefined;
  const { failure } = reply;
  const counts =
    failure === 'read-timeout'
      ? codes.includes(504)
      : connectFailures.has(failure)
        ? codes.includes(503) || codes.includes(502)
        : failure === 'dropped' && codes.includes(502);
  return counts ? failure : undefined;
}
