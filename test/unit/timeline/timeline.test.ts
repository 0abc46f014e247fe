import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { AuditEntry } from '../../../src/core/audit.ts';
import { listLogFiles } from '../../../src/log/read-log.ts';
import { formatTimeline } from '../../../src/timeline/format-timeline.ts';
import { parseLogData, readTimeline } from '../../../src/timeline/timeline.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'timeline-'));
});
afterEach(() => rm(folder, { recursive: true }));

const at = Date.UTC(2026, 10, 20, 12);
const flip: AuditEntry = { sequence: 417, at, kind: 'automatic', to: '#=0@000417;singapore=0', reason: 'r', by: 'b' };
const fields = '#Fields: timestamp(ms) time-taken x-edge-location cs-method cs-uri-stem sc-status viewer-request-log-data distributionid\n';
const line = (ms: number, location: string, decision: string, method = 'GET', status = 200, distribution = 'E1') =>
  `${at + ms}\t0.010\t${location}\t${method}\t/x\t${status}\t${encodeURIComponent(decision)}\t${distribution}\n`;

async function read(content: string, distribution?: string) {
  await writeFile(join(folder, '1.log'), content);
  return readTimeline({ files: await listLogFiles(folder), flips: [flip], distribution });
}

it('knows when each location first obeyed a flip, whatever the order of the lines', async () => {
  const timeline = await read(
    fields +
      line(30_010, 'SIN52-P1', 'europe;#=0@000417;singapore=0;0') +
      line(2_010, 'SIN52-P1', 'singapore;ok', 'POST', 503) +
      line(1_010, 'FRA60-P1', 'singapore;#=0@000416;ok') +
      line(10_010, 'FRA60-P1', 'europe;#=0@000417;singapore=0;0') +
      line(20_010, 'FRA60-P1', 'europe;#=0@000417;singapore=0;0') +
      // The log of this location begins after the flip.
      line(40_010, 'IAD12-P1', 'europe;#=0@000417;singapore=0;0'),
  );
  expect(timeline.obeyed).toEqual([
    { location: 'SIN52-P1', sequence: 417, propagationMs: 30_000 },
    { location: 'FRA60-P1', sequence: 417, propagationMs: 10_000 },
  ]);
  expect(timeline.propagation).toEqual({ locations: 2, minMs: 10_000, p50Ms: 10_000, p95Ms: 30_000, p99Ms: 30_000, maxMs: 30_000 });
  expect(timeline.origins).toContainEqual({ origin: 'singapore', safe: { requests: 1, failed: 0 }, unsafe: { requests: 1, failed: 1 } });
  expect(timeline).toMatchObject({ decided: 6, unknownFlips: 1, contradictions: 0 });
  expect(formatTimeline(timeline).every((text) => text.length <= 80)).toBe(true);
});

it('reports a request that the record does not explain, but no tester', async () => {
  const timeline = await read(
    fields + line(1, 'A1', 'singapore;#=0@000417;singapore=0;0') + line(2, 'A1', 'singapore;#=0@000417;singapore=0;0;tester'),
  );
  expect(timeline.contradictions).toBe(1);
});

it('keeps distributions apart, and counts lines that are none', async () => {
  const content = `${fields + line(1, 'A1', 'europe;#=0@000417;singapore=0;0')}broken\u0000line\n${line(1, 'A1', 'europe;#=0@000417;singapore=0;0', 'GET', 200, 'E2')}${'x'.repeat(1_000_000)}\n`;
  expect(await read(content, 'E2')).toMatchObject({ requests: 1, decided: 1, unreadable: 2 });
  expect(await read('')).toMatchObject({ requests: 0, propagation: undefined });
});

const read417 = { record: '#=0@000417;singapore=25', sequence: 417 };
const none = { service: undefined, bucket: undefined, by: undefined, ageMs: undefined };

it.each([
  {
    text: 'checkout/singapore;%23=0@000417;singapore=25;31.65;retry;tester;age=-5',
    found: { service: 'checkout', origin: 'singapore', ...read417, bucket: 31.65, by: 'tester', ageMs: -5 },
  },
  { text: 'europe;#=0@000417;singapore=25;0;retry', found: { ...none, origin: 'europe', ...read417, by: 'retry' } },
  { text: 'europe;ok', found: { ...none, origin: 'europe', record: 'ok', sequence: undefined } },
  { text: 'ok;ok;age=NaN', found: { ...none, origin: 'ok', record: 'ok', sequence: undefined } },
  { text: 'europe;#=0@417;ok', found: undefined },
  { text: 'europe', found: undefined },
  { text: '%', found: undefined },
  { text: 'europe;ok\u0000', found: undefined },
  { text: '__proto__;ok', found: undefined },
  { text: `${'a'.repeat(500)};ok`, found: undefined },
  { text: `europe;${'a=1;'.repeat(600)}`, found: undefined },
])('reads $text', ({ text, found }) => {
  expect(parseLogData(text)).toEqual(found);
});
