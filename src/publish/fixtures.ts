import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { FunctionTest } from '../aws/function.ts';
import type { EdgeConfig } from '../config/edge-config.ts';
import { routingOf } from '../config/services.ts';
import type { ViewerRequestEvent, ViewerResponseEvent } from '../edge/execution.ts';
import { parseTestEvent } from '../edge/parse-test-input.ts';
import { EdgeError } from '../errors.ts';
import { packageFile } from '../package-files.ts';
import { isRecord } from '../text/is-record.ts';
import { lineOf } from '../text/message-of.ts';

/** An event for TestFunction and the expected result. */
export interface Fixture {
  /** The file's name without its ending. */
  name: string;
  event: ViewerRequestEvent | ViewerResponseEvent;
  expectation: Expectation;
}

const text = z.union([z.string(), z.strictObject({ matches: z.string().refine(isPattern, 'must be a regular expression') })]);
const values = z.record(z.string(), text.nullable()).optional();

const schema = z
  .strictObject({
    /** The request that CloudFront continues with. Absent parts are not compared; null means "must be absent". */
    request: z
      .strictObject({ method: text.optional(), uri: text.optional(), headers: values, querystring: values, cookies: values })
      .optional(),
    /** The function answers the request itself. */
    response: z.strictObject({ statusCode: z.int(), headers: values }).optional(),
    /** False: the team's own code must not answer it. Otherwise it may, and then the fixture proves nothing. */
    answered: z.literal(false).optional(),
  })
  .refine(
    (expectation) => (expectation.request === undefined) !== (expectation.response === undefined),
    'needs either request or response',
  );

/** The expected result of a fixture's run: equal texts, or `{ "matches": "<regular expression>" }`. */
type Expectation = z.output<typeof schema>;
type ExpectedText = z.output<typeof text>;

const eventEnding = '.event.json';
const expectationEnding = '.expected.json';

/**
 * Every `<name>.event.json` of a folder with its `<name>.expected.json`. CONFIG_INVALID when one is missing or wrong.
 */
export async function readFixtures(folder: string = packageFile('functions/events')): Promise<Fixture[]> {
  const files = await readdir(folder).catch((cause: Error) => {
    throw new EdgeError('CONFIG_MISSING', `cannot read ${folder}: ${cause.message}`, {
      cause,
      hint: 'the package has its own there; a project may have others in test/fixtures/events',
    });
  });
  const named = (ending: string) => files.filter((file) => file.endsWith(ending)).map((file) => file.slice(0, -ending.length));
  const events = named(eventEnding);
  const expectations = named(expectationEnding);
  const alone = [
    ...events.filter((name) => !expectations.includes(name)).map((name) => `${name}${eventEnding} has no ${name}${expectationEnding}`),
    ...expectations.filter((name) => !events.includes(name)).map((name) => `${name}${expectationEnding} has no ${name}${eventEnding}`),
  ];
  if (alone.length > 0)
    throw new EdgeError('CONFIG_INVALID', `${folder}: ${alone.join('; ')}`, { hint: 'a fixture is an event and its expectation' });
  return Promise.all(events.sort().map((name) => readFixture(folder, name)));
}

async function readFixture(folder: string, name: string): Promise<Fixture> {
  const [eventFile, expectationFile] = [join(folder, name + eventEnding), join(folder, name + expectationEnding)];
  const [eventText, expectationText] = await Promise.all([readFile(eventFile, 'utf8'), readFile(expectationFile, 'utf8')]);
  return { name, event: parseTestEvent(eventText, eventFile), expectation: parseExpectation(expectationText, expectationFile) };
}

function parseExpectation(json: string, file: string): Expectation {
  let raw: unknown;
  try {
    raw = JSON.parse(json);
  } catch (cause) {
    throw new EdgeError('CONFIG_INVALID', `${file} must be JSON: ${lineOf(cause)}`, { cause });
  }
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the expectation'}: ${message}`);
  throw new EdgeError('CONFIG_INVALID', `${file}: ${problems.join('; ')}`, {
    hint: '{"request": {"uri": "/", "headers": {"x-origin-route": {"matches": "^singapore;"}, "x-region": null}}}',
  });
}

function isPattern(source: string): boolean {
  try {
    return new RegExp(source).source !== '';
  } catch {
    return false;
  }
}

/**
 * The status with which the team's own code answered a fixture that expects a request, unless the fixture forbids it.
 */
export function findEarlyAnswer(
  { expectation }: Pick<Fixture, 'expectation'>,
  { output }: Pick<FunctionTest, 'output'>,
): number | undefined {
  const status = field(field(output, 'response'), 'statusCode');
  return expectation.request !== undefined && expectation.answered !== false && typeof status === 'number' ? status : undefined;
}

/** The header by which the function names its route; a request that passes through keeps what the viewer sent. */
const routeHeader = 'x-origin-route';

/**
 * The fixture without its expected route, where no service has its path and the request passed through: the project's
 * own fixtures do not know the services. Undefined when there is nothing to leave out. That a request passes through
 * can still be expected, by null.
 */
export function withoutRoute(fixture: Fixture, { output }: Pick<FunctionTest, 'output'>, config: EdgeConfig): Fixture | undefined {
  const { event, expectation } = fixture;
  const { [routeHeader]: route = null, ...headers } = expectation.request?.headers ?? {};
  const found = field(output, 'request');
  const foundRoute = field(field(field(found, 'headers'), routeHeader), 'value');
  if (route === null || found === undefined || foundRoute !== event.request.headers[routeHeader]?.value) return undefined;
  if (routingOf(config, event.request.uri) !== undefined) return undefined;
  return { ...fixture, expectation: { ...expectation, request: { ...expectation.request, headers } } };
}

/** Every difference between a run's result and what its fixture expects, one line each. */
export function checkFixture({ expectation }: Pick<Fixture, 'expectation'>, { output }: Pick<FunctionTest, 'output'>): string[] {
  const kind = expectation.request === undefined ? 'response' : 'request';
  const found = field(output, kind);
  if (found === undefined) {
    const other = kind === 'request' ? 'response' : 'request';
    return [
      field(output, other) === undefined
        ? 'the function returned neither a request nor a response'
        : `expected a ${kind}, found a ${other}`,
    ];
  }
  return kind === 'request' ? checkRequest(expectation.request, found) : checkResponse(expectation.response, found);
}

function checkRequest(expected: Expectation['request'] = {}, found: unknown): string[] {
  return [
    ...checkText('method', expected.method, field(found, 'method')),
    ...checkText('uri', expected.uri, field(found, 'uri')),
    ...checkValues('header', expected.headers, field(found, 'headers')),
    ...checkValues('query argument', expected.querystring, field(found, 'querystring')),
    ...checkValues('cookie', expected.cookies, field(found, 'cookies')),
  ];
}

function checkResponse(expected: Expectation['response'], found: unknown): string[] {
  const status = field(found, 'statusCode');
  return [
    ...(status === expected?.statusCode ? [] : [`statusCode: expected ${expected?.statusCode}, found ${JSON.stringify(status)}`]),
    ...checkValues('header', expected?.headers, field(found, 'headers')),
  ];
}

function checkValues(kind: string, expected: Readonly<Record<string, ExpectedText | null>> = {}, found: unknown): string[] {
  return Object.entries(expected).flatMap(([name, text]) => {
    const value = field(field(found, name), 'value');
    if (text !== null) return checkText(`${kind} ${name}`, text, value);
    return value === undefined ? [] : [`${kind} ${name}: expected none, found ${JSON.stringify(value)}`];
  });
}

function checkText(name: string, expected: ExpectedText | undefined, found: unknown): string[] {
  if (expected === undefined) return [];
  const isAsExpected =
    typeof expected === 'string' ? found === expected : typeof found === 'string' && new RegExp(expected.matches).test(found);
  if (isAsExpected) return [];
  const wanted = typeof expected === 'string' ? JSON.stringify(expected) : `a match of ${expected.matches}`;
  return [`${name}: expected ${wanted}, found ${found === undefined ? 'none' : JSON.stringify(found)}`];
}

function field(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined;
}
