import { describe, expect, it } from 'vitest';
import { judgeOrigins } from '../../../src/failover/plan-failover.ts';
import type { OriginProbe } from '../../../src/probe/probe-origin.ts';

const now = 1_764_000_000_000;
const good: OriginProbe = { kind: 'good' };
const bad: OriginProbe = { kind: 'bad', problem: 'status 503' };
const unreached: OriginProbe = { kind: 'unreached', problem: 'connect timed out' };

describe('judgeOrigins', () => {
  it.each([
    { memory: 'healthy', probe: good, verdict: 'healthy' },
    { memory: 'healthy', probe: bad, verdict: 'unhealthy' },
    { memory: 'healthy', probe: unreached, verdict: 'healthy' },
    { memory: 'unhealthy', probe: good, verdict: 'healthy' },
    { memory: 'unhealthy', probe: unreached, verdict: 'unhealthy' },
    { memory: 'unknown', probe: good, verdict: 'healthy' },
    { memory: 'unknown', probe: unreached, verdict: 'unknown' },
    { memory: undefined, probe: good, verdict: 'healthy' },
    { memory: undefined, probe: bad, verdict: 'unhealthy' },
    { memory: undefined, probe: unreached, verdict: 'unknown' },
    { memory: undefined, probe: undefined, verdict: 'unknown' },
  ] as const)('takes the flipper’s $memory with $probe.kind from here for $verdict', ({ memory, probe, verdict }) => {
    const memories = memory === undefined ? {} : { europe: { verdict: memory, since: now - 60_000 } };
    const probes = new Map(probe === undefined ? [] : [['europe', probe]]);
    const proof = judgeOrigins(['europe'], memories, probes, now).get('europe');
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
