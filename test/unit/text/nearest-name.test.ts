import { describe, expect, it } from 'vitest';
import { nearestName } from '../../../src/text/nearest-name.ts';

describe('nearestName', () => {
  it.each([
    ['singapor', 'singapore'],
    ['snigapore', 'singapore'],
    ['Europe', 'europe'],
    ['euorpe', 'europe'],
    ['sing', 'singapore'],
    ['mars', undefined],
    ['', undefined],
    ['s', undefined],
  ])('takes %j for %s', (word, name) => {
    expect(nearestName(word, ['singapore', 'europe'])).toBe(name);
  });

  it('knows nothing without names', () => {
    expect(nearestName('europe', [])).toBeUndefined();
  });
});
