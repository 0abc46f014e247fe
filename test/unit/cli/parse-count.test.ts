import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseBytes, parseCount } from '../../../src/cli/option.ts';

it.each([
  ['0', 0],
  ['512', 512],
  ['100_000', 100_000],
  ['20k', 20_000],
  ['100M', 100_000_000],
  ['100m', 100_000_000],
  ['2.5B', 2_500_000_000],
  ['1_000K', 1_000_000],
])('reads %s', (text, value) => {
  expect(parseCount(text)).toBe(value);
});

it.each([
  '',
  '-1',
  '1,5M',
  '1.000.000',
  '100 M',
  'M',
  '1e6',
  '0x10',
  '1__0',
  '_1',
  '100Mio',
  '2000000B',
  'NaN',
  '1.M',
  'constructor',
  '5toString',
])('refuses %j', (text) => {
  expect(parseCount(text)).toBeUndefined();
});

it.each([
  ['512', 512],
  ['512B', 512],
  ['20kB', 20_000],
  ['1.5MB', 1_500_000],
  ['64KiB', 65_536],
  ['1GiB', 1_073_741_824],
])('reads %s as bytes', (text, value) => {
  expect(parseBytes(text)).toBe(value);
});

it('reads what it would write, and takes no unit of the other kind', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e15 }), (value) => parseCount(String(value)) === value && parseBytes(`${value}B`) === value),
  );
  expect([parseCount('20kB'), parseBytes('20M')]).toEqual([undefined, undefined]);
});
