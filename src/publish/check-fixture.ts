import type { FunctionTest } from '../aws/function.ts';
import { isRecord } from '../text/is-record.ts';
import type { Expectation, ExpectedText, Fixture } from './read-fixtures.ts';

/** Everything in which the result of a run differs from what its fixture expects, one line each; empty when nothing does. */
export function checkFixture({ expectation }: Pick<Fixture, 'expectation'>, { output }: Pick<FunctionTest, 'output'>): string[] {
  const kind = expectation.request === undefined ? 'response' : 'request';
  const found = field(output, kind);
  if (found === undefined) {
    const other = kind === 'request' ? 'response' : 'request';
    return [field(output, other) === undefined ? 'the function returned nothing that goes on' : `expected a ${kind}, found a ${other}`];
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
