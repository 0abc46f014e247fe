import { describe, expect, it } from 'vitest';
import { findDelimiter, parseLogEntry, parseLogFields, parseLogLine, standardFields } from '../../../src/log/logged-request.ts';

const base = { 'cs-method': 'GET', 'cs-uri-stem': '/x' };

describe('the time of a request', () => {
  it.each([
    { entry: { date: '2026-11-20', time: '12:00:01' }, at: Date.UTC(2026, 10, 20, 12, 0, 1) },
    { entry: { date: '2026-11-20', time: '12:00:01', 'timestamp(ms)': '1763640001234' }, at: 1_763_640_001_234 },
    { entry: { timestamp: '1763640001.234' }, at: 1_763_640_001_234 },
    { entry: { timestamp: '1763640001' }, at: 1_763_640_001_000 },
    { entry: { timestamp_ms: 1_763_640_001_234n }, at: 1_763_640_001_234 },
    { entry: { date: '2026-13-40', time: '12:00:01' }, at: undefined },
    { entry: { date: '2026-11-20', time: '25:00:01' }, at: undefined },
    { entry: { date: '2026-11-20' }, at: undefined },
    { entry: { timestamp: '-1' }, at: undefined },
    { entry: {}, at: undefined },
  ])('of $entry', ({ entry, at }) => {
    expect(parseLogEntry({ ...base, ...entry })).toMatchObject({ at });
  });
});

it('has the result, the origin and what the function logged, as far as the log has the fields', () => {
  const fields = parseLogFields(
    'cs-method cs-uri-stem sc-status time-taken x-edge-detailed-result-type x-edge-request-id viewer-request-log-data r-host sr-reason origin-fbl origin-lbl distributionid',
  );
  const line = 'POST\t/x\t504\t30.001\tOriginTimeout\tID==\t-%3Bsingapore\teu.example.com\tFailover:503\t0.310\t0.412\tE1';
  expect(parseLogLine(line, fields)).toMatchObject({
    status: 504,
    durationMs: 30_001,
    result: 'OriginTimeout',
    requestId: 'ID==',
    logData: '-%3Bsingapore',
    originHost: 'eu.example.com',
    originReason: 'Failover:503',
    originFirstByteMs: 310,
    originLastByteMs: 412,
    distribution: 'E1',
  });
});

it('takes figures that are none for missing', () => {
  expect(parseLogEntry({ ...base, 'sc-status': 'x', 'time-taken': '1e9', 'origin-fbl': '-' })).toMatchObject({
    status: undefined,
    durationMs: undefined,
    originFirstByteMs: undefined,
  });
});

it.each([
  { log: 'standard', 'cs(Host)': 'd1.cloudfront.net', 'x-host-header': 'www.example.com' },
  { log: 'real-time', 'cs-host': 'www.example.com', 'x-host-header': 'd1.cloudfront.net' },
])('knows the host that the viewer named and the distribution of a $log log', ({ log: _, ...hosts }) => {
  expect(parseLogEntry({ ...base, ...hosts })).toMatchObject({ host: 'www.example.com', distribution: 'd1.cloudfront.net' });
});

it('searches the separator of a hostile line for no longer than of a long one', () => {
  // Some ten thousand different texts of signs, and a request at none of them.
  const signs = Array.from({ length: 2_000 }, (_, index) => String.fromCharCode(0x2010 + ((index * 7_919) % 1_000))).join('');
  const before = process.cpuUsage();
  expect(findDelimiter(signs + '-a'.repeat(45_000), standardFields)).toBeUndefined();
  expect(process.cpuUsage(before).user / 1_000).toBeLessThan(100);
});
