import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hashRecord } from '../../../src/core/stored-schema.ts';

it('is the start of the SHA-256 of any text', () => {
  const expected = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 8);
  for (let length = 0; length < 200; length++) expect(hashRecord('a'.repeat(length))).toBe(expected('a'.repeat(length)));
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => hashRecord(text) === expected(text)));
});
