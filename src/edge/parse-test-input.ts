import { z } from 'zod';
import { maxKeyBytes, maxStoreBytes, maxTestEventBytes, maxValueBytes } from '../../kvs/limits.ts';
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
  if (bytes > maxTestEventBytes) throw invalidEvent(file, [`it has ${bytes} bytes; TestFunction accepts at most ${maxTestEventBytes}`]);
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    throw invalidEvent(file, [`it must be JSON: ${lineOf(cause)}`]);
  }
  const parsed = schema.safeParse(raw);
  if (!parsed.success)
    throw invalidEvent(
      file,
      parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the event'}: ${message}`),
    );
  const isResponse = parsed.data.context.eventType === 'viewer-response';
  if (isResponse !== (parsed.data.response !== undefined)) {
    throw invalidEvent(file, [
      `context.eventType is ${parsed.data.context.eventType}, but response is ${isResponse ? 'missing' : 'present'}`,
    ]);
  }
  return parsed.data as ViewerRequestEvent | ViewerResponseEvent;
}

function invalidEvent(file: string, problems: readonly string[]): EdgeError {
  return new EdgeError('CONFIG_INVALID', [`${file} is not a valid test event:`, ...problems.map((problem) => `  ${problem}`)].join('\n'), {
    hint: 'the smallest one is {"request": {"uri": "/", "headers": {"cloudfront-viewer-country": {"value": "IN"}}}}',
  });
}

/** A key and its value as the file has them, with the place that messages name. */
interface Entry {
  at: string;
  key: unknown;
  value: unknown;
}

/** Problems that are listed; a file with one kind of mistake may have it in each of thousands of keys. */
const maxProblems = 20;

/**
 * The keys of a JSON file: `{"health": "ok"}`, or the form that CloudFront imports from S3 (UTF-8 without byte order
 * mark, at most 5 MB, no key twice: kvs-with-functions-create-s3-kvp.html). Throws CONFIG_INVALID with every problem.
 */
export function parseStoreData(text: string, file: string): Map<string, string> {
  if (text.startsWith('\uFEFF'))
    throw invalidData(file, ['it begins with a byte order mark, which CloudFront refuses: save it as UTF-8 without BOM']);
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    throw invalidData(file, [`it must be JSON: ${lineOf(cause)}`]);
  }
  if (raw === null || typeof raw !== 'object' || Array.isArray(raw))
    throw invalidData(file, [`it must be an object, got ${nameType(raw)}`]);
  const problems: string[] = [];
  const fileBytes = Buffer.byteLength(text);
  if (fileBytes > maxStoreBytes) problems.push(`it has ${fileBytes} bytes, at most ${maxStoreBytes} (5 MB) are allowed`);
  const { data } = raw as { data?: unknown };
  const entries = Array.isArray(data) ? listImported(raw, data, problems) : listPlain(raw, text, problems);
  const found = new Map<string, string>();
  for (const entry of entries) {
    const { at, key, value } = entry;
    if (typeof key !== 'string') problems.push(`${at}.key: must be a string, got ${nameType(key)}`);
    if (typeof value !== 'string') problems.push(`${at}.value: must be a string, got ${nameType(value)}`);
    if (typeof key !== 'string') continue;
    const keyBytes = Buffer.byteLength(key);
    if (key === '' || keyBytes > maxKeyBytes) problems.push(`${at}: the key must have 1 to ${maxKeyBytes} bytes, got ${keyBytes}`);
    if (found.has(key)) problems.push(`${at}: the key ${JSON.stringify(key.slice(0, 40))} appears more than once`);
    const valueBytes = typeof value === 'string' ? Buffer.byteLength(value) : 0;
    if (valueBytes > maxValueBytes) problems.push(`${at}: the value must have at most ${maxValueBytes} bytes, got ${valueBytes}`);
    found.set(key, String(value));
  }
  if (problems.length > 0) throw invalidData(file, problems);
  return found;
}

/** `{"data": [{"key": "health", "value": "ok"}]}`. */
function listImported(raw: object, data: readonly unknown[], problems: string[]): Entry[] {
  for (const name of Object.keys(raw)) if (name !== 'data') problems.push(`${name}: only "data" is allowed beside "data"`);
  return data.flatMap((item, index): Entry[] => {
    const at = `data[${index}]`;
    if (item === null || typeof item !== 'object' || Array.isArray(item)) {
      problems.push(`${at}: must be an object with key and value, got ${nameType(item)}`);
      return [];
    }
    const { key, value, ...others } = item as Record<string, unknown>;
    for (const name of Object.keys(others)) problems.push(`${at}.${name}: only key and value are allowed`);
    return [{ at: typeof key === 'string' ? `${at} (key ${JSON.stringify(key.slice(0, 40))})` : at, key, value }];
  });
}

/** `{"health": "ok"}`. JSON.parse hides a repeated key, so keys are read from the text: every second string is one. */
function listPlain(raw: object, text: string, problems: string[]): Entry[] {
  const entries = Object.entries(raw);
  if (entries.every(([, value]) => typeof value === 'string')) {
    const keys = [...text.matchAll(/"(?:[^"\\]|\\.)*"/g)].filter((_, index) => index % 2 === 0).map(([key]) => JSON.parse(key) as string);
    const seen = new Set<string>();
    for (const key of keys) {
      if (seen.has(key)) problems.push(`the key ${JSON.stringify(key.slice(0, 40))} appears more than once`);
      seen.add(key);
    }
  }
  return entries.map(([key, value]) => ({ at: `key ${JSON.stringify(key.slice(0, 40))}`, key, value }));
}

function nameType(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? 'a string' : `the ${typeof value} ${String(value).slice(0, 40)}`;
}

function invalidData(file: string, problems: readonly string[]): EdgeError {
  const listed = problems.slice(0, maxProblems).map((problem) => `  ${problem}`);
  if (problems.length > maxProblems) listed.push(`  and ${problems.length - maxProblems} more`);
  return new EdgeError('CONFIG_INVALID', [`${file} is not valid data for a KeyValueStore:`, ...listed].join('\n'), {
    hint: '{"health": "ok"}, or {"data": [{"key": "health", "value": "ok"}]} as CloudFront imports it',
  });
}
