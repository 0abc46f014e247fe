import { expect, it } from 'vitest';
import type { EventValue, ViewerRequestEvent } from '../../../../src/edge/execution.ts';
import { settleValues } from '../../../../src/edge/judge/judge.ts';

const several = (...values: string[]): EventValue => ({ value: values[0] ?? '', multiValue: values.map((value) => ({ value })) });

it.each([
  { when: 'nothing changed', before: several('a', 'b'), after: several('a', 'b'), settled: several('a', 'b') },
  { when: 'multiValue changed', before: several('a', 'b'), after: { ...several('c', 'd'), value: 'a' }, settled: several('c', 'd') },
  { when: 'both changed', before: several('a', 'b'), after: { ...several('c', 'd'), value: 'x' }, settled: several('c', 'd') },
  { when: 'only value changed', before: several('a', 'b'), after: { ...several('a', 'b'), value: 'x' }, settled: several('x', 'b') },
  {
    when: 'only the attributes of a cookie changed',
    before: { value: 'a', attributes: 'Path=/', multiValue: [{ value: 'a', attributes: 'Path=/' }, { value: 'b' }] },
    after: { value: 'a', attributes: 'Secure', multiValue: [{ value: 'a', attributes: 'Path=/' }, { value: 'b' }] },
    settled: { value: 'a', attributes: 'Secure', multiValue: [{ value: 'a', attributes: 'Secure' }, { value: 'b' }] },
  },
  {
    when: 'value was removed',
    before: several('a', 'b'),
    after: { multiValue: [{ value: 'a' }, { value: 'b' }] },
    settled: several('a', 'b'),
  },
  { when: 'multiValue was added', before: { value: 'a' }, after: { value: 'a', multiValue: [{ value: 'b' }] }, settled: several('b') },
  {
    when: 'the name is new',
    before: undefined,
    after: { value: 'ignored', multiValue: [{ value: 'b' }, { value: 'c' }] },
    settled: several('b', 'c'),
  },
  { when: 'there is one value', before: { value: 'a' }, after: { value: 'b' }, settled: { value: 'b' } },
])('value and multiValue agree when $when', ({ before, after, settled }) => {
  const request = { method: 'GET', uri: '/', querystring: {}, headers: {}, cookies: {} };
  const event = {
    context: { eventType: 'viewer-request' },
    request: { ...request, headers: before === undefined ? {} : { 'x-a': before } },
  } as unknown as ViewerRequestEvent;
  const output = { ...request, headers: { 'x-a': structuredClone(after) as EventValue } };
  settleValues(output, event);
  expect(output.headers['x-a']).toEqual(settled);
});

it('leaves a query as text, and maps that are missing, as they are', () => {
  const request = { method: 'GET', uri: '/', querystring: { a: several('1', '2') }, headers: {}, cookies: {} };
  const event = { context: { eventType: 'viewer-request' }, request } as unknown as ViewerRequestEvent;
  const output = { querystring: 'a=3&b' };
  settleValues(output, event);
  expect(output).toEqual({ querystring: 'a=3&b' });
});
