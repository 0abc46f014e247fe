/** What a stage's comment says about its code. */
export interface PublishComment {
  version: number;
  /** As `git describe` names it, `+` behind it for uncommitted changes. */
  revision: string | undefined;
  /** The first characters of the code's SHA-256, hex. */
  sha256: string;
  /** Epoch milliseconds, whole seconds. */
  at: number;
  /**
   * Hash of the version's record, see `linkOf`: it names this one release, and through the record every version before it. Undefined in comments
   * that older packages wrote.
   */
  link?: string | undefined;
  /** Name of the key-value store, when there was room for it. */
  keyValueStoreName: string | undefined;
  by: string;
}

/** Characters of a function's comment (API model 2020-05-31). */
export const maxCommentLength = 128;

const shaLength = 12;
const roomForName = 16;
const pattern = /^v(\d+)(?: git:(\S+))? sha256:([0-9a-f]{12}) at:(\S+)(?: rec:([\w-]{22}))?(?: kvs:(\S+))? by:(.+)$/;

/** `v7 git:1a2b3c4d5e sha256:a817b4d321f2 at:2026-11-23T19:00:00Z rec:<22 characters> kvs:edge-health by:ann@laptop`, the name cut to what is left of 128. */
export function formatPublishComment({ version, revision, sha256, at, link, keyValueStoreName, by }: PublishComment): string {
  const time = new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
  const git = revision === undefined ? '' : ` git:${revision.slice(0, 16)}`;
  const head = `v${version}${git} sha256:${sha256.slice(0, shaLength)} at:${time}${link === undefined ? '' : ` rec:${link}`}`;
  const store = keyValueStoreName === undefined ? '' : ` kvs:${keyValueStoreName}`;
  const start = head.length + store.length + ' by:'.length + roomForName <= maxCommentLength ? head + store : head;
  return `${start} by:${plainName(by)}`.slice(0, maxCommentLength);
}

/** The comment's parts; undefined when it is not one of ours. */
export function parsePublishComment(text: string): PublishComment | undefined {
  const [, version, revision, sha256 = '', time = '', link, keyValueStoreName, by = ''] = pattern.exec(text) ?? [];
  const at = Date.parse(time);
  if (version === undefined || Number.isNaN(at)) return undefined;
  return { version: Number(version), revision, sha256, at, link, keyValueStoreName, by };
}

/** A name without what would break a line or the comment. */
export function plainName(by: string): string {
  return (
    by
      .replace(/[^\x20-\x7e]+/g, '?')
      .trim()
      .slice(0, 60) || 'somebody'
  );
}
