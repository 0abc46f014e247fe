import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ViewerRequestEvent, ViewerResponseEvent } from '../edge/execution.ts';
import { parseTestEvent } from '../edge/parse-test-event.ts';
import { EdgeError } from '../errors.ts';

/** An event for TestFunction and what must come of it. */
export interface Fixture {
  /** The file's name without its ending. */
  name: string;
  event: ViewerRequestEvent | ViewerResponseEvent;
  expectation: Expectation;
}

const text = z.union([z.string(), z.strictObject({ matches: z.string().refine(isPattern, 'is no regular expression') })]);
const values = z.record(z.string(), text.nullable()).optional();

const schema = z
  .strictObject({
    /** What the request goes on with. Absent parts are not looked at; null is for what must not be there. */
    request: z
      .strictObject({ method: text.optional(), uri: text.optional(), headers: values, querystring: values, cookies: values })
      .optional(),
    /** The function answers by itself. */
    response: z.strictObject({ statusCode: z.int(), headers: values }).optional(),
  })
  .refine(
    (expectation) => (expectation.request === undefined) !== (expectation.response === undefined),
    'needs either request or response',
  );

/** What a fixture's run must come to: texts that are equal, or `{ "matches": "<regular expression>" }`. */
export type Expectation = z.output<typeof schema>;
export type ExpectedText = z.output<typeof text>;

/** Where the fixtures are. */
export const fixtureFolder = 'test/fixtures/events';
const eventEnding = '.event.json';
const expectationEnding = '.expected.json';

/** Every fixture of a folder: `<name>.event.json` with `<name>.expected.json` beside it. CONFIG_INVALID when one of the two is missing or is not what it should be. */
export async function readFixtures(folder: string = fixtureFolder): Promise<Fixture[]> {
  const files = await readdir(folder).catch((cause: Error) => {
    throw new EdgeError('CONFIG_MISSING', `cannot read ${folder}: ${cause.message}`, {
      cause,
      hint: 'run the command in the folder of package.json',
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
    throw new EdgeError('CONFIG_INVALID', `${file} is not JSON: ${(cause as Error).message}`, { cause });
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
