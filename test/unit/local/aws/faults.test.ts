import { describe, expect, it } from 'vitest';
import { type ControlPlaneFaults, parseFaults, takeFaults } from '../../../../local/aws/faults.ts';

const request = { operation: 'PutKey', write: true, now: 1_000 };
const taken = (rules: ControlPlaneFaults['rules'], over: Partial<typeof request> = {}) =>
  takeFaults({ rules, staleWrite: 'ValidationException' }, { ...request, ...over }).map((rule) => rule.kind);

describe('the faults that meet a request', () => {
  it.each([
    { what: 'one for every operation', rule: {}, met: true },
    { what: 'one for this operation', rule: { operation: 'PutKey' }, met: true },
    { what: 'one for another operation', rule: { operation: 'GetKey' }, met: false },
    { what: 'one that ends later', rule: { until: 1_001 }, met: true },
    { what: 'one that is over', rule: { until: 1_000 }, met: false },
    { what: 'one that is used up', rule: { times: 0 }, met: false },
  ])('are $what: $met', ({ rule, met }) => {
    expect(taken([{ kind: 'throttle', ...rule }])).toEqual(met ? ['throttle'] : []);
  });

  it('are conflicts for writes only, and a read does not use them up', () => {
    const faults: ControlPlaneFaults = { rules: [{ kind: 'conflict', times: 1 }], staleWrite: 'ValidationException' };
    expect(takeFaults(faults, { ...request, write: false })).toEqual([]);
    expect(takeFaults(faults, request)).toHaveLength(1);
    expect(takeFaults(faults, request)).toEqual([]);
  });

  it('come together: latency and an error', () => {
    expect(taken([{ kind: 'latency' }, { kind: 'throttle' }])).toEqual(['latency', 'throttle']);
  });
});

it('turns forMs into an end, from the clock it is given', () => {
  expect(parseFaults('{"rules":[{"kind":"drop-request","operation":"PutKey","times":2,"forMs":50}]}', 1_000)).toEqual({
    faults: { rules: [{ kind: 'drop-request', operation: 'PutKey', times: 2, until: 1_050 }], staleWrite: 'ValidationException' },
  });
});

it('names every problem with its place', () => {
  expect(parseFaults('{"rules":[{"kind":"fire"},{"kind":"latency","latencyMs":-1}]}', 0)).toEqual({
    problems: [expect.stringContaining('rules.0.kind'), expect.stringContaining('rules.1.latencyMs')],
  });
});
