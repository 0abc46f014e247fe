import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatPublishComment, maxCommentLength, parsePublishComment } from '../../../src/publish/stage.ts';

const comment = {
  version: 7,
  revision: '1a2b3c4d5e+',
  sha256: 'a817b4d321f2d6f7d294ec148a51117a6a8d50749c63e2dcf13a421bb970f96f',
  at: Date.UTC(2026, 10, 23, 19, 0, 1),
  keyValueStoreName: 'edge-health',
  by: 'ann@laptop',
};

describe('the comment of a published function', () => {
  it('reads as one line for people', () => {
    const text = 'v7 git:1a2b3c4d5e+ sha256:a817b4d321f2 at:2026-11-23T19:00:01Z kvs:edge-health by:ann@laptop';
    expect(formatPublishComment(comment)).toBe(text);
    expect(parsePublishComment(text)).toEqual({ ...comment, sha256: 'a817b4d321f2' });
  });

  it('leaves out the store rather than the name of the publisher', () => {
    const text = formatPublishComment({ ...comment, keyValueStoreName: 'x'.repeat(64) });
    expect(text).not.toContain('kvs:');
    expect(parsePublishComment(text)).toMatchObject({ by: 'ann@laptop', keyValueStoreName: undefined });
  });

  it('fits, is printable and is read back, whatever is in it', () => {
    const anything = fc.record({
      version: fc.integer({ min: 1, max: 999_999 }),
      revision: fc.option(fc.stringMatching(/^[0-9a-f]{7,40}\+?$/), { nil: undefined }),
      keyValueStoreName: fc.option(fc.stringMatching(/^[a-zA-Z0-9-_]{1,64}$/), { nil: undefined }),
      by: fc.string({ unit: 'binary', maxLength: 300 }),
    });
    fc.assert(
      fc.property(anything, (more) => {
        const text = formatPublishComment({ ...comment, ...more });
        expect(text.length).toBeLessThanOrEqual(maxCommentLength);
        expect(text).toMatch(/^[\x20-\x7e]+$/);
        expect(parsePublishComment(text)).toMatchObject({ version: more.version, at: comment.at, sha256: 'a817b4d321f2' });
      }),
    );
  });

  it.each(['', 'sha256 a817b4d321f2', 'hotfix', 'v7', 'v7 sha256:a817b4d321f2 at:yesterday by:ann'])(
    'is not ours when it is %j',
    (text) => {
      expect(parsePublishComment(text)).toBeUndefined();
    },
  );
});
