import { describe, expect, it } from 'vitest';
import { judgeOrigins, type Sounding } from '../../../src/probe/judge-origins.ts';

const now = 1_764_000_000_000;
const good: Sounding = { kind: 'good' };
const bad: Sounding = { kind: 'bad', problem: 'status 503' };
const unreached: Sounding = { kind: 'unreached', problem: 'connect timed out' };

describe('judgeOrigins', () => {
  it.each([
    { memory: 'healthy', sounding: good, verdict: 'healthy' },
    { memory: 'healthy', sounding: bad, verdict: 'unhealthy' },
    { memory: 'healthy', sounding: unreached, verdict: 'healthy' },
    { memory: 'unhealthy', sounding: good, verdict: 'healthy' },
    { memory: 'unhealthy', sounding: unreached, verdict: 'unhealthy' },
    { memory: 'unknown', sounding: good, verdict: 'healthy' },
    { memory: 'unknown', sounding: unreached, verdict: 'unknown' },
    { memory: undefined, sounding: good, verdict: 'healthy' },
    { memory: undefined, sounding: bad, verdict: 'unhealthy' },
    { memory: undefined, sounding: unreached, verdict: 'unknown' },
    { memory: undefined, sounding: undefined, verdict: 'unknown' },
  ] as const)('takes the flipper’s $memory with $sounding.kind from here for $verdict', ({ memory, sounding, verdict }) => {
    const memories = memory === undefined ? {} : { europe: { verdict: memory, since: now - 60_000 } };
    const soundings = new Map(sounding === undefined ? [] : [['europe', sounding]]);
    const proof = judgeOrigins(['europe'], memories, soundings, now).get('europe');
    expect(proof?.verdict).toBe(verdict);
    expect(proof?.evidence).not.toBe('');
  });

  it('says what speaks against an origin', () => {
    const proofs = judgeOrigins(
      ['a', 'b'],
      { b: { verdict: 'unhealthy', since: now - 90_000 } },
      new Map([
        ['a', bad],
        ['b', unreached],
      ]),
      now,
    );
    expect(proofs.get('a')?.evidence).toBe('just now: status 503');
    expect(proofs.get('b')?.evidence).toBe('recorded as unhealthy since 1m 30s; not reached from here: connect timed out');
  });

  it('believes a verdict that was recorded after the probes', () => {
    const after = { europe: { verdict: 'unhealthy', since: now - 60_000 } } as const;
    const proof = judgeOrigins(['europe'], after, new Map([['europe', good]]), now, {
      europe: { verdict: 'healthy', since: now - 90_000 },
    });
    expect(proof.get('europe')?.verdict).toBe('unhealthy');
  });
});
