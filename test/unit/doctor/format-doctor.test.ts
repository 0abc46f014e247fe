import { expect, it } from 'vitest';
import { worstOf } from '../../../src/doctor/check.ts';
import type { Diagnosis } from '../../../src/doctor/doctor.ts';
import { countDiagnoses, formatDoctor } from '../../../src/doctor/format-doctor.ts';

const diagnoses: Diagnosis[] = [
  { check: 'origins', outcome: 'ok', why: 'a 502', findings: [{ outcome: 'ok', found: 'both there' }] },
  {
    check: 'country',
    outcome: 'fail',
    why: 'no viewer is routed',
    findings: [
      { outcome: 'fail', found: '/a sends none', fix: 'fix a' },
      { outcome: 'warn', found: '/b is odd\nand more', fix: 'fix b' },
    ],
  },
];

it('prints one line for what is ok, and adds the fix and the reason to the rest', () => {
  expect(formatDoctor(diagnoses, [], false)).toEqual([
    'ok    origins  both there',
    'fail  country  /a sends none',
    '               fix: fix a',
    'warn           /b is odd',
    '               and more',
    '               fix: fix b',
    '               why: no viewer is routed',
    '',
    '1 ok, 0 warn, 1 fail',
  ]);
});

it('reports a reason that several checks share once, and names them', () => {
  const unread = (check: string, found: string): Diagnosis => ({
    check,
    outcome: 'warn',
    why: 'a 502',
    findings: [{ outcome: 'warn', found: `cannot check: ${found}`, fix: 'export A' }],
  });
  const given = [
    unread('origins', 'A is missing'),
    unread('country', 'A is missing'),
    unread('flipper', 'B is'),
    unread('alarms', 'A is missing'),
  ];
  const lines = formatDoctor(given, [], false);
  expect(lines.filter((line) => line.includes('A is missing'))).toHaveLength(1);
  expect(lines.filter((line) => line.includes('B is'))).toHaveLength(1);
  expect(lines.at(-3)).toMatch(/^warn .*origins: country, alarms$/);
  expect(lines.at(-1)).toBe('0 ok, 4 warn, 0 fail');
});

it('reports an accepted check once', () => {
  expect(formatDoctor(diagnoses, ['country', 'origins'], false).filter((line) => line.includes('accepted'))).toHaveLength(1);
});

it('counts each check once, by its worst finding', () => {
  expect(countDiagnoses(diagnoses)).toEqual({ ok: 1, warn: 0, fail: 1 });
  expect(worstOf(['ok', 'fail', 'warn'])).toBe('fail');
  expect(worstOf([])).toBe('ok');
});
