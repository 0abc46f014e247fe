import { expect, it } from 'vitest';
import { worstOf } from '../../../src/doctor/check.ts';
import { countOutcomes, formatDoctor } from '../../../src/doctor/format-doctor.ts';
import type { Diagnosis } from '../../../src/doctor/run-doctor.ts';

const diagnoses: Diagnosis[] = [
  { check: 'origins', outcome: 'ok', why: 'a 502', findings: [{ outcome: 'ok', found: 'both there' }] },
  {
    check: 'country',
    outcome: 'fail',
    why: 'nobody is routed',
    findings: [
      { outcome: 'fail', found: '/a sends none', mend: 'mend a' },
      { outcome: 'warn', found: '/b is odd\nand more', mend: 'mend b' },
    ],
  },
];

it('tells what is well in one line, and what is not with its mend and why it matters', () => {
  expect(formatDoctor(diagnoses, [], false)).toEqual([
    'ok    origins  both there',
    'fail  country  /a sends none',
    '               mend: mend a',
    'warn           /b is odd',
    '               and more',
    '               mend: mend b',
    '               why: nobody is routed',
    '',
    '1 ok, 0 warn, 1 fail',
  ]);
});

it('says of an accepted check that it does not count', () => {
  expect(formatDoctor(diagnoses, ['country', 'origins'], false).filter((line) => line.includes('accepted'))).toHaveLength(1);
});

it('counts each check once, by its worst finding', () => {
  expect(countOutcomes(diagnoses)).toEqual({ ok: 1, warn: 0, fail: 1 });
  expect(worstOf(['ok', 'fail', 'warn'])).toBe('fail');
  expect(worstOf([])).toBe('ok');
});
