import { expect, it } from 'vitest';
import { assumedPropagation, drawPropagation, meanPropagationMs, parsePropagation } from '../../../src/predict/propagation.ts';
import { percentile } from '../../../src/text/percentile.ts';
import { seededRandom } from '../../../src/text/seeded-random.ts';

const draws = (times: Parameters<typeof drawPropagation>[0]) => {
  const random = seededRandom(1);
  return Array.from({ length: 4_000 }, () => drawPropagation(times, random)).sort((one, other) => one - other);
};

it('assumes 30 s, 75 s at the tail', () => {
  const drawn = draws(assumedPropagation);
  expect((percentile(drawn, 0.5) ?? 0) / 1_000).toBeCloseTo(30.6, 0);
  expect(drawn.at(-1)).toBeGreaterThan(70_000);
  expect(drawn.at(-1)).toBeLessThanOrEqual(75_000);
});

it("takes a team's own measurement", () => {
  const own = parsePropagation('{"propagation":{"p50Ms":8000,"p95Ms":20000,"maxMs":40000,"minMs":3000}}', 't.json');
  const drawn = draws(own);
  expect(percentile(drawn, 0.5)).toBeCloseTo(8_000, -3);
  expect(percentile(drawn, 0.95)).toBeCloseTo(20_000, -3);
  expect(meanPropagationMs(own)).toBeCloseTo(drawn.reduce((sum, ms) => sum + ms, 0) / drawn.length, -3);
});

it.each([
  { text: '', says: 'not JSON' },
  { text: '[]', says: '"propagation" is missing' },
  { text: '{"propagation":{"p50Ms":1}}', says: 'p50Ms or p95Ms is missing' },
  { text: '{"propagation":{"p50Ms":-1,"p95Ms":2}}', says: 'got -1' },
  { text: '{"propagation":{"p50Ms":"1","p95Ms":2}}', says: 'got "1"' },
  { text: '{"propagation":{"p50Ms":1e12,"p95Ms":1e12}}', says: 'p50Ms must be' },
  { text: '{"propagation":{"p50Ms":5,"p95Ms":2}}', says: 'must rise' },
])('refuses $text', ({ text, says }) => {
  expect(() => parsePropagation(text, 't.json')).toThrow(says);
});
