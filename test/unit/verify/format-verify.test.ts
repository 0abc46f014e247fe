import { describe, expect, it } from 'vitest';
import { formatVerify } from '../../../src/verify/format-verify.ts';
import type { VerifyRow } from '../../../src/verify/samples.ts';

const now = 1_764_000_000_000;
const tls = { protocol: 'TLSv1.3', name: 'www.example.com', validTo: now + 60 * 86_400_000 };
const latency = { p50Ms: 12.4, p95Ms: 210, maxMs: 1_250 };
const good: VerifyRow = {
  way: 'edge',
  who: 'IN',
  outcome: 'ok',
  expected: ['singapore'],
  went: ['singapore'],
  statuses: [200],
  samples: 5,
  latency,
  tls,
  notes: [],
};
const format = (rows: readonly VerifyRow[]) => formatVerify(rows, { now, columns: 80, colour: false });

describe('what verify prints', () => {
  it('has a line for each row, and one for the certificate that they share', () => {
    expect(format([good, { ...good, who: 'others' }])).toEqual([
      'through the edge',
      '    viewer  expected   went to    status    p50     p95      max',
      'ok  IN      singapore  singapore  200     12 ms  210 ms  1250 ms',
      'ok  others  singapore  singapore  200     12 ms  210 ms  1250 ms',
      '      TLSv1.3, certificate of www.example.com, 60d left',
      '',
      '2 ok, 0 warn, 0 fail',
    ]);
  });

  it('says below a row what is wrong with it, within 80 columns and one screen', () => {
    const notes = ['a note of many words '.repeat(8).trim(), 'second', 'third', 'fourth', 'fifth'];
    const lines = format([{ ...good, outcome: 'fail', went: [], latency: undefined, statuses: [], tls: undefined, notes }]);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    expect(lines[2]).toBe('fail  IN      singapore  –        –');
    expect(lines).toContain('      third');
    expect(lines).toContain('      and 2 more');
    expect(lines).not.toContain('      fourth');
    expect(lines.join('\n')).not.toContain('TLS');
  });

  it('has the origins’ own certificates where they differ', () => {
    const direct: VerifyRow = { ...good, way: 'direct', who: 'singapore' };
    const lines = format([direct, { ...direct, who: 'europe', tls: undefined }]);
    expect(lines[3]).toBe('      TLSv1.3, certificate of www.example.com, 60d left');
    expect(lines[5]).toBe('      no TLS: http');
  });
});
