import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auditKey, healthKey, stateKey } from '../../../kvs/keys.ts';
import { auditHistory } from '../../../src/core/audit.ts';
import { parseStateRecord } from '../../../src/core/state-record.ts';
import { downIn, Simulation } from './simulation.ts';

const second = 1_000;

/** What another tool, another version or a broken disk may leave under one of our keys. */
const garbage = fc.oneof(
  fc.constant(undefined),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.json({ maxDepth: 2 }),
  fc.constantFrom(
    'ok',
    '',
    'OK',
    'null',
    '[]',
    '{}',
    '{"sequence":-1}',
    '{"sequence":1e300}',
    '{"sequence":"7"}',
    '{"sequence":3,"origins":[]}',
  ),
  fc.constantFrom('singapore=100@99999999999999', 'singapore=0@', 'singapore=101', 'singapore=100;;', '{"sequence":2,"rec'),
  fc.constant(
    '{"sequence":1,"origins":{"singapore":{"verdict":"unhealthy","since":"+275760-09-13T00:00:00.000Z","heldUntil":"+275760-09-13T00:00:00.000Z","flaps":1e15}}}',
  ),
);
const keys = fc.constantFrom(healthKey, stateKey, stateKey, auditKey(1), auditKey(2), auditKey(31));
const damages = fc.dictionary(keys, garbage, { minKeys: 1 });

describe('any bytes under our keys', () => {
  it('cost no viewer more than a recheck on a dead origin, and the sequence never goes back', async () => {
    await fc.assert(
      fc.asyncProperty(damages, fc.integer({ min: 0, max: 120 }), fc.boolean(), async (damage, afterS, isRestarted) => {
        const simulation = new Simulation({ world: downIn({ singapore: [[60, 1e9]] }) });
        const first = simulation.start();
        await simulation.clock.run((120 + afterS) * second);
        expect(simulation.weight('singapore')).toBe(0);
        const before = parseStateRecord(simulation.store.values.get(stateKey)).sequence;
        if (isRestarted) {
          first.stop();
          await simulation.clock.run(second);
        }
        for (const [key, value] of Object.entries(damage)) {
          if (value === undefined) simulation.store.remove(key);
          else simulation.store.put(key, value);
        }
        if (isRestarted) simulation.start();
        // A recheck, or proving both origins again; a hand-made weight for the fallback must wait for the minimum
        // interval.
        await simulation.clock.run(75 * second);
        expect(simulation.weight('singapore')).toBe(0);
        expect(simulation.weight('europe')).toBe(100);
        if (!isRestarted) expect(parseStateRecord(simulation.store.values.get(stateKey)).sequence).toBeGreaterThanOrEqual(before);
        expect(simulation.of('store-failed')).toEqual([]);
        await simulation.clock.run(300 * second);
        const [newest] = auditHistory(simulation.store.values);
        const { sequence } = parseStateRecord(simulation.store.values.get(stateKey));
        if (newest !== undefined && !isRestarted) expect(newest.sequence).toBe(sequence);
      }),
      { numRuns: 60 },
    );
  });
});
