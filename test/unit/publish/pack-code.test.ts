import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxFunctionBytes, maxKeysPerUpdate, maxValueBytes } from '../../../kvs/limits.ts';
import { hashCode } from '../../../src/publish/stage.ts';
import { packCode, unpackCode } from '../../../src/publish/versions.ts';

describe('packed code', () => {
  it('comes back byte by byte, in values that the store takes and few enough for one write', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: maxFunctionBytes }), (code) => {
        const pieces = packCode(code);
        for (const piece of pieces) expect(Buffer.byteLength(piece)).toBeLessThanOrEqual(maxValueBytes);
        // With its record, and as many pieces of the version it replaces to take away.
        expect(2 * pieces.length + 1).toBeLessThanOrEqual(maxKeysPerUpdate);
        expect(unpackCode(pieces, hashCode(code))).toEqual(Buffer.from(code));
      }),
    );
  });

  it('is refused when a piece is missing, spoiled or of other code', () => {
    // Digits of no pattern: they do not compress to less than three values.
    const code = Buffer.from(Array.from({ length: 3_000 }, (_, n) => Math.floor(Math.abs(Math.sin(n) * 1e7)) % 251));
    const pieces = packCode(code);
    const sha256 = hashCode(code);
    expect(pieces.length).toBeGreaterThan(2);
    for (const spoiled of [pieces.slice(1), pieces.slice(0, -1), ['', ...pieces.slice(1)], [...pieces].reverse(), ['!'], []])
      expect(unpackCode(spoiled, sha256)).toBeUndefined();
    expect(unpackCode(pieces, hashCode(Buffer.from('other')))).toBeUndefined();
  });
});
