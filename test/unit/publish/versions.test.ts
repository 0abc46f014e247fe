import { describe, expect, it } from 'vitest';
import { formatHistory } from '../../../src/publish/format-publish.ts';
import { chooseTarget } from '../../../src/publish/rollback.ts';
import type { Stage } from '../../../src/publish/stage.ts';
import {
  findLiveRecord,
  formatPublishRecord,
  joinHistory,
  nextVersion,
  type PublishRecord,
  parsePublishRecord,
} from '../../../src/publish/versions.ts';

const sha = (code: string) => Buffer.from(code).toString('hex').padEnd(64, '0');

function version(number: number, code: string, more: Partial<PublishRecord> = {}): PublishRecord {
  const before = number === 1 ? {} : { before: number - 1 };
  return { version: number, sha256: sha(code), bytes: 9, at: 1_764_000_000 + number, by: 'ann@laptop', pieces: 1, ...before, ...more };
}

function live(code: string, published: number | undefined): Stage {
  const comment = { revision: undefined, sha256: sha(code).slice(0, 12), at: 0, keyValueStoreName: 'edge-health', by: 'ann@laptop' };
  const stage = { etag: 'E1', arn: 'arn', runtime: 'cloudfront-js-2.0', comment: '', status: 'DEPLOYED', keyValueStoreArn: 'kvs' };
  return {
    ...stage,
    code: Buffer.from(code),
    sha256: sha(code),
    published: published === undefined ? undefined : { ...comment, version: published },
  };
}

describe('the version to go back to', () => {
  const three = [version(3, 'c'), version(2, 'b'), version(1, 'a')];
  it.each([
    { when: 'the last publication is LIVE', known: three, at: 3, target: 2 },
    { when: 'LIVE is a rollback', known: [version(4, 'b', { of: 2 }), ...three], at: 4, target: 1 },
    { when: 'LIVE was published after a rollback', known: [version(5, 'd'), version(4, 'b', { of: 2 }), ...three], at: 5, target: 4 },
    { when: 'the version before has the same code', known: [version(3, 'b'), version(2, 'b'), version(1, 'a')], at: 3, target: 1 },
    { when: 'a version that never became LIVE is the newest', known: [version(4, 'x'), ...three], at: 3, target: 2 },
    { when: 'LIVE was replaced by force', known: [version(2, 'b'), version(1, 'theirs', { found: true })], at: 2, target: 1 },
  ])('is v$target when $when', ({ known, at, target }) => {
    const record = known.find((each) => each.version === at);
    expect(chooseTarget(known, record, undefined).version).toBe(target);
  });

  it.each([
    { when: 'the chain of versions is broken', known: [version(9, 'i')], at: 9, says: 'no version before v9 is recorded' },
    { when: 'LIVE is not recorded', known: three, at: undefined, says: 'LIVE is not recorded' },
  ])('is not guessed when $when', ({ known, at, says }) => {
    const record = known.find((each) => each.version === at);
    expect(() => chooseTarget(known, record, undefined)).toThrow(says);
  });
});

describe('the number of the next version', () => {
  it.each([
    { when: 'nothing was ever published', stage: undefined, known: [], next: 1 },
    { when: 'LIVE says its own', stage: live('b', 2), known: [version(2, 'b'), version(1, 'a')], next: 3 },
    { when: 'a version was recorded and never became LIVE', stage: live('b', 2), known: [version(3, 'x'), version(2, 'b')], next: 3 },
    { when: 'LIVE is found without a record', stage: live('z', undefined), known: [], next: 2 },
    { when: 'LIVE has lost its comment and is recorded', stage: live('b', undefined), known: [version(2, 'b')], next: 3 },
  ])('is $next when $when', ({ stage, known, next }) => {
    expect(nextVersion(stage, known)).toBe(next);
  });
});

describe('the history', () => {
  it('says which version is LIVE, which never was, and what each one is', () => {
    const known = [version(4, 'x'), version(3, 'a', { of: 1 }), version(2, 'b', { revision: '1a2b3c4' }), version(1, 'a', { found: true })];
    const stage = live('a', 3);
    expect(findLiveRecord(stage, known)?.version).toBe(3);
    const lines = formatHistory(joinHistory(known, stage, 0), 0, false);
    expect(lines.map((line) => line.trim())).toEqual([
      expect.stringMatching(/^version +when +by +revision +sha256 +bytes$/),
      expect.stringMatching(/^v4 .* never LIVE$/),
      expect.stringMatching(/^v3 .* LIVE, the code of v1$/),
      expect.stringMatching(/^v2 .* ann@laptop +1a2b3c4 /),
      expect.stringMatching(/^v1 .* found LIVE, published by other means$/),
    ]);
  });

  it('says when LIVE is none of them', () => {
    const lines = formatHistory(joinHistory([version(1, 'a')], live('z', undefined), 0), 0, false);
    expect(lines.at(-1)).toMatch(/^LIVE is not recorded: code 7a0/);
    expect(formatHistory(joinHistory([], undefined, 0), 0, false)).toEqual(['nothing was published yet']);
  });
});

describe('a record', () => {
  it('fits into a value and is read back', () => {
    const record = version(999_999, 'a', { by: 'x'.repeat(60), revision: 'f'.repeat(16), of: 999_990, found: true, pieces: 14 });
    const text = formatPublishRecord(record);
    expect(Buffer.byteLength(text)).toBeLessThan(1_024);
    expect(parsePublishRecord(text)).toEqual(record);
  });

  it.each(['', '{', '[]', '{"version":0}', 'null', '{"version":1,"sha256":"x"}'])('is none when it reads %j', (text) => {
    expect(parsePublishRecord(text)).toBeUndefined();
  });
});
