import type { EventValues } from '../../src/edge/execution.ts';
import { addValue, emptyValues } from '../../src/edge/judge/event-values.ts';
import { isForbiddenHeader } from '../../src/edge/judge/header-rules.ts';
import { type Exchange, eventFrame, eventRequest, runFunction } from './exchange.ts';
import { type EdgeRequest, readResponseOutput } from './function-output.ts';
import type { ReplyHead } from './viewer-reply.ts';

/**
 * Runs a behavior's viewer-response function on a response; the caller skips it from status 400 on, as CloudFront does. Gives the head as the function left it,
 * and a body when it set one. Undefined when it failed, which is then answered.
 */
export async function runViewerResponse(
  exchange: Exchange,
  arn: string,
  request: EdgeRequest,
  head: ReplyHead,
): Promise<{ head: ReplyHead; body: Buffer | undefined } | undefined> {
  const { headers, cookies } = readHead(head);
  const execution = await runFunction(exchange, arn, {
    ...eventFrame(exchange, 'viewer-response'),
    request: eventRequest(exchange.viewer, request),
    response: { statusCode: head.statusCode, statusDescription: head.statusMessage, headers, cookies },
  });
  if (execution === undefined) return undefined;
  const output = readResponseOutput(execution.output);
  // The length is a fact of the body, not a header to be edited: the origin's stays unless the function brought a body of its own.
  const length = output.body === undefined ? headers['content-length']?.value : String(output.body.length);
  const list = length === undefined ? output.headers : [...output.headers, 'content-length', length];
  const statusMessage = output.statusDescription ?? head.statusMessage;
  return { head: { statusCode: output.statusCode, statusMessage, headers: list }, body: output.body };
}

function readHead(head: ReplyHead): { headers: EventValues; cookies: EventValues } {
  const headers = emptyValues();
  const cookies = emptyValues();
  for (let index = 0; index < head.headers.length; index += 2) {
    const name = head.headers[index] as string;
    const value = head.headers[index + 1] as string;
    if (name === 'set-cookie') addCookie(cookies, value);
    else if (!isForbiddenHeader(name)) addValue(headers, name, value);
  }
  return { headers, cookies };
}

function addCookie(cookies: EventValues, line: string): void {
  const end = line.indexOf(';');
  const pair = end === -1 ? line : line.slice(0, end);
  const attributes = end === -1 ? '' : line.slice(end + 1).trim();
  const equals = pair.indexOf('=');
  const name = pair.slice(0, equals === -1 ? undefined : equals).trim();
  const value = equals === -1 ? '' : pair.slice(equals + 1).trim();
  const entry = attributes === '' ? { value } : { value, attributes };
  const known = cookies[name];
  if (known === undefined) cookies[name] = entry;
  else if (known.multiValue === undefined) known.multiValue = [{ ...known }, entry];
  else known.multiValue.push(entry);
}
