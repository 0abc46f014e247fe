import { z } from 'zod';
import { maxTestEventBytes } from '../../kvs/limits.ts';
import { EdgeError } from '../errors.ts';
import { lineOf } from '../text/message-of.ts';
import type { ViewerRequestEvent, ViewerResponseEvent } from './execution.ts';

const value = z.object({
  value: z.string(),
  multiValue: z.array(z.object({ value: z.string() })).optional(),
  attributes: z.string().optional(),
});
const values = z.record(z.string(), value).default({});

// Fills in what AWS lets a test event leave out (functions-event-structure.html) and keeps unknown fields.
const schema = z.looseObject({
  version: z.literal('1.0').default('1.0'),
  context: z
    .looseObject({
      distributionDomainName: z.string().default(''),
      distributionId: z.string().default(''),
      eventType: z.enum(['viewer-request', 'viewer-response']).default('viewer-request'),
      requestId: z.string().default(''),
    })
    .prefault({}),
  viewer: z.looseObject({ ip: z.string().default('') }).prefault({}),
  request: z.looseObject({
    method: z.string().default('GET'),
    uri: z.string().startsWith('/').default('/'),
    querystring: values,
    headers: values,
    cookies: values,
  }),
  response: z
    .looseObject({ statusCode: z.int().min(100).max(599), statusDescription: z.string().optional(), headers: values, cookies: values })
    .optional(),
});

/** An event as TestFunction takes it. Throws CONFIG_INVALID with every problem; `file` names the source in messages. */
export function parseTestEvent(text: string, file: string): ViewerRequestEvent | ViewerResponseEvent {
  const bytes = Buffer.byteLength(text);
  if (bytes > maxTestEventBytes) throw invalid(file, [`it has ${bytes} bytes; TestFunction accepts at most ${maxTestEventBytes}`]);
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    throw invalid(file, [`it must be JSON: ${lineOf(cause)}`]);
  }
  const parsed = schema.safeParse(raw);
  if (!parsed.success)
    throw invalid(
      file,
      parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the event'}: ${message}`),
    );
  const isResponse = parsed.data.context.eventType === 'viewer-response';
  if (isResponse !== (parsed.data.response !== undefined)) {
    throw invalid(file, [`context.eventType is ${parsed.data.context.eventType}, but response is ${isResponse ? 'missing' : 'present'}`]);
  }
  return parsed.data as ViewerRequestEvent | ViewerResponseEvent;
}

function invalid(file: string, problems: readonly string[]): EdgeError {
  return new EdgeError('CONFIG_INVALID', [`${file} is not a valid test event:`, ...problems.map((problem) => `  ${problem}`)].join('\n'), {
    hint: 'the smallest one is {"request": {"uri": "/", "headers": {"cloudfront-viewer-country": {"value": "IN"}}}}',
  });
}
