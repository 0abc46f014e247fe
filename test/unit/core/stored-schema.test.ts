import { describe, expect, it } from 'vitest';
import {
  auditSchema,
  numberedSchema,
  parseJson,
  remembering,
  reportsSchema,
  requestsSchema,
  stateSchema,
} from '../../../src/core/stored-schema.ts';

const time = '2026-03-01T03:00:00.000Z';
const at = Date.parse(time);

describe('a sequence number', () => {
  it.each<{ sequence: unknown; isRead: boolean }>([
    { sequence: 0, isRead: true },
    { sequence: 1e12, isRead: true },
    { sequence: 1e12 + 1, isRead: false },
    { sequence: -1, isRead: false },
    { sequence: 1.5, isRead: false },
    { sequence: '7', isRead: false },
  ])('$sequence makes a state: $isRead', ({ sequence, isRead }) => {
    expect(numberedSchema.safeParse({ sequence }).success).toBe(isRead);
    expect(stateSchema.parse({ sequence, origins: {} }).sequence).toBe(isRead ? sequence : 0);
  });
});

describe('the state', () => {
  const memory = { verdict: 'unhealthy', since: time, movedAt: time, flaps: 1, heldUntil: time };
  const read = { verdict: 'unhealthy', since: at, movedAt: at, flaps: 1, heldUntil: at };
  const override = { weights: { a: 0, b: 100 }, until: time, reason: 'ALB 5xx', by: 'ana', notedAt: time };
  const lastFlip = { at: time, kind: 'restore', from: 'ok', to: 'a=0', reason: 'why', by: 'ana' };
  const whole = { sequence: 7, recordHash: 'f00', automaticAt: time, origins: { a: memory, b: memory }, override, lastFlip };

  it('is read whole', () => {
    expect(stateSchema.parse(whole)).toEqual({
      sequence: 7,
      recordHash: 'f00',
      automaticAt: at,
      origins: { a: read, b: read },
      override: { ...override, until: at, notedAt: at },
      lastFlip: { ...lastFlip, at },
    });
  });

  it.each<{ what: string; spoil: Record<string, unknown>; left: Record<string, unknown> }>([
    { what: 'a time that cannot be read', spoil: { automaticAt: 'soon' }, left: { automaticAt: undefined } },
    { what: 'a weight above 100', spoil: { override: { ...override, weights: { a: 101 } } }, left: { override: undefined } },
    { what: 'a weight below 0', spoil: { override: { ...override, weights: { a: -1 } } }, left: { override: undefined } },
    { what: 'part of a weight', spoil: { override: { ...override, weights: { a: 0.5 } } }, left: { override: undefined } },
    { what: 'an override without an end', spoil: { override: { ...override, until: 7 } }, left: { override: undefined } },
    { what: 'a reason', spoil: { lastFlip: { ...lastFlip, reason: 7 } }, left: { lastFlip: { ...lastFlip, at, reason: '' } } },
    { what: 'an unknown kind', spoil: { lastFlip: { ...lastFlip, kind: 'dance' } }, left: { lastFlip: undefined } },
    { what: 'the record before', spoil: { lastFlip: { ...lastFlip, from: 7 } }, left: { lastFlip: { ...lastFlip, at, from: undefined } } },
    { what: 'one origin', spoil: { origins: { a: 1, b: memory } }, left: { origins: { b: read } } },
    { what: 'a verdict', spoil: { origins: { a: { ...memory, verdict: 'fine' }, b: memory } }, left: { origins: { b: read } } },
    { what: 'no flap', spoil: { origins: { a: { ...memory, flaps: 0 } } }, left: { origins: { a: { ...read, flaps: undefined } } } },
    { what: 'all origins', spoil: { origins: [] }, left: { origins: {} } },
    { what: 'the hash', spoil: { recordHash: 7 }, left: { recordHash: undefined } },
  ])('is read without $what that makes no sense', ({ spoil, left }) => {
    const state = stateSchema.parse({ ...whole, ...spoil });
    expect(state).toEqual({ ...stateSchema.parse(whole), ...left });
  });
});

describe('an audit entry', () => {
  const entry = { sequence: 7, at: time, kind: 'override', to: 'a=0', reason: '', by: '', until: time, breakGlass: 'x', edited: true };

  it('is read without what makes no sense beside its number, time, kind and record', () => {
    expect(auditSchema.parse(entry)).toEqual({ ...entry, at, until: at });
    expect(auditSchema.parse({ ...entry, until: 7, breakGlass: 7, edited: false })).toEqual({
      ...entry,
      at,
      until: undefined,
      breakGlass: undefined,
      edited: undefined,
    });
    for (const key of ['sequence', 'at', 'kind', 'to']) expect(auditSchema.safeParse({ ...entry, [key]: undefined }).success).toBe(false);
  });
});

describe('rows', () => {
  const row = ['a', 'prometheus', 'u', 1, 999_999_999_999, '5xx'];
  const read = { origin: 'a', source: 'prometheus', opinion: 'unhealthy', at: 1_000, until: 999_999_999_999_000, reason: '5xx' };

  it('of reports are read each alone', () => {
    expect(reportsSchema.parse([row, ['a', 'b', 'h', 0, 1]])).toEqual([
      read,
      { origin: 'a', source: 'b', opinion: 'healthy', at: 0, until: 1_000, reason: '' },
    ]);
    const spoiled: [number, unknown][] = [
      [2, 'x'],
      [3, -1],
      [3, 0.5],
      [4, 1e12],
      [0, 7],
    ];
    for (const [place, value] of spoiled) expect(reportsSchema.parse([row.with(place, value as string), row])).toEqual([undefined, read]);
    expect(reportsSchema.safeParse({}).success).toBe(false);
  });

  it('of requests are read each alone', () => {
    expect(
      requestsSchema.parse([
        ['a', 'b', 7],
        ['a', 'b', 'nothing'],
        ['a', 'b'],
        ['a', 'b', -1],
      ]),
    ).toEqual([['a', 'b', 7], ['a', 'b', 'nothing'], undefined, undefined]);
  });
});

describe('a function that remembers', () => {
  it('finds each text once, undefined and what has no value included, and forgets all of them after 256', () => {
    const found: (string | undefined)[] = [];
    const find = remembering((text: string | undefined) => {
      found.push(text);
      return text === 'none' ? undefined : `${text}!`;
    });
    expect([find('a'), find('a'), find('none'), find('none'), find(undefined), find(undefined)]).toEqual([
      'a!',
      'a!',
      undefined,
      undefined,
      'undefined!',
      'undefined!',
    ]);
    expect(found).toEqual(['a', 'none', undefined]);
    for (let count = 4; count <= 256; count++) find(String(count));
    find('a');
    expect(found).toHaveLength(256);
    find('one more');
    find('one more');
    find('a');
    expect(found.slice(256)).toEqual(['one more', 'a']);
  });
});

it('JSON is undefined where there is none', () => {
  expect([parseJson('{"a":1}'), parseJson('{'), parseJson(''), parseJson(undefined)]).toEqual([{ a: 1 }, undefined, undefined, undefined]);
});
