import { describe, expect, it } from 'vitest';
import { EdgeError } from '../../../src/errors.ts';
import { isRecord } from '../../../src/text/is-record.ts';
import { messageOf, messageOrStackOf } from '../../../src/text/message-of.ts';
import { once, oncePer } from '../../../src/text/once.ts';
import { percentile } from '../../../src/text/percentile.ts';

describe('messageOf', () => {
  it.each([
    { thrown: new Error('disk full'), message: 'disk full' },
    { thrown: 'text', message: 'text' },
    { thrown: undefined, message: 'undefined' },
  ])('is $message', ({ thrown, message }) => expect(messageOf(thrown)).toBe(message));

  it('comes with the stack of a bug, not of a failure that an operator can act on', () => {
    expect(messageOrStackOf(new Error('bug'))).toContain('values.test.ts');
    expect(messageOrStackOf(new EdgeError('USAGE', 'misused'))).toBe('misused');
  });
});

it.each([
  { value: {}, answer: true },
  { value: [], answer: false },
  { value: null, answer: false },
  { value: 'text', answer: false },
  { value: () => undefined, answer: false },
])('isRecord($value) is $answer', ({ value, answer }) => expect(isRecord(value)).toBe(answer));

it.each([
  { values: [], share: 0.5, found: undefined },
  { values: [7], share: 0, found: 7 },
  { values: [1, 2, 3, 4], share: 0.5, found: 2 },
  { values: [1, 2, 3, 4, 5], share: 0.5, found: 3 },
  { values: [1, 2, 3, 4, 5], share: 0.95, found: 5 },
  { values: [1, 2, 3], share: 1, found: 3 },
])('percentile $share of $values is $found', ({ values, share, found }) => expect(percentile(values, share)).toBe(found));

describe('once', () => {
  it('makes the value at the first call, undefined included', () => {
    let calls = 0;
    const read = once(() => void calls++);
    read();
    read();
    expect(calls).toBe(1);
  });

  it('makes one value per key', () => {
    let calls = 0;
    const read = oncePer((key: string) => `${key}${++calls}`);
    expect([read('a'), read('b'), read('a')]).toEqual(['a1', 'b2', 'a1']);
  });
});
