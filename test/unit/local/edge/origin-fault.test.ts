import { expect, it } from 'vitest';
import { formatOriginFault, parseOriginFault } from '../../../../local/origin/origin-fault.ts';

it.each([
  ['none', { kind: 'none' }],
  ['refuse', { kind: 'refuse' }],
  ['slow:1500', { kind: 'slow', ms: 1_500 }],
  ['5xx:500', { kind: '5xx', status: 500 }],
  ['bad-body', { kind: 'bad-body' }],
  ['flaky', { kind: 'flaky' }],
  ['half:500', { kind: 'half', status: 500 }],
  ['5xx:200', undefined],
  ['flaky:200', undefined],
  ['hang:3', undefined],
  ['sleepy', undefined],
  ['', undefined],
])('reads %s, and writes what it has read', (text, expected) => {
  const read = parseOriginFault(text);
  expect(read).toEqual(expected);
  if (read !== undefined) expect(formatOriginFault(read)).toBe(text);
});
