import { createHash } from 'node:crypto';
import type { CloudFrontClient, FunctionStage } from '@aws-sdk/client-cloudfront';
import { describeFunction, type FunctionVersion, readFunctionCode } from '../aws/function.ts';
import { formatTime } from '../text/time.ts';

// A stage of the function, and what its comment says about its code: whose release it is.

/** One stage of the function with its bytes. */
export interface Stage extends FunctionVersion {
  code: Uint8Array;
  /** SHA-256, hex. */
  sha256: string;
  /** What we wrote about this code; undefined when the comment is not ours or is about other code. */
  published: PublishComment | undefined;
}

/**
 * Reads of a stage before a comment that does not match its code is believed: a release may end between the two calls.
 */
const maxReads = 3;

/** The stage, in two calls; undefined when there is none. */
export async function readStage(client: CloudFrontClient, name: string, stage: FunctionStage): Promise<Stage | undefined> {
  for (let reads = 1; ; reads++) {
    const [version, code] = await Promise.all([describeFunction(client, name, stage), readFunctionCode(client, name, stage)]);
    const isTorn = (version === undefined) !== (code === undefined);
    if (version !== undefined && code !== undefined) {
      const sha256 = hashCode(code);
      const comment = parsePublishComment(version.comment);
      const isOurs = comment !== undefined && sha256.startsWith(comment.sha256);
      if (comment === undefined || isOurs || reads >= maxReads)
        return { ...version, code, sha256, published: isOurs ? comment : undefined };
    } else if (!isTorn || reads >= maxReads) return undefined;
  }
}

/** SHA-256, hex. */
export function hashCode(code: Uint8Array | string): string {
  return createHash('sha256').update(code).digest('hex');
}

/** What identifies one release. The author does not: in CI every release has the same. */
export interface ReleaseMark {
  version: number;
  sha256: string;
  link: string;
}

/** Whether a stage is this one release: the same code, and a comment that names its record. */
export function isRelease(stage: Stage | undefined, { version, sha256, link }: ReleaseMark): boolean {
  return stage?.sha256 === sha256 && stage.published?.version === version && stage.published.link === link;
}

/** Whether two reads show the same release of the same stage. */
export function isSameStage(one: Stage | undefined, other: Stage | undefined): boolean {
  return one?.sha256 === other?.sha256 && one?.comment === other?.comment && one?.keyValueStoreArn === other?.keyValueStoreArn;
}

/** The stage in words: `v7 of ann@laptop, 14:05:09 (06:05:09 UTC), git 1a2b3c4`, or what its comment says. */
export function describeStage(stage: Stage | undefined, now: number): string {
  if (stage === undefined) return 'empty: nothing was published yet';
  const { published, comment, sha256 } = stage;
  if (published === undefined) return `code ${sha256.slice(0, 12)}, whose comment is ${JSON.stringify(comment)}`;
  const { by, version, at, revision } = published;
  return `v${version} of ${by}, ${formatTime(at, now)}${revision === undefined ? '' : `, git ${revision}`}`;
}

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
   * Hash of the version's record, see `linkOf`: it names this one release, and through the record every version before
   * it. Undefined in comments of older packages.
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

/**
 * `v7 git:1a2b3c4d5e sha256:a817b4d321f2 at:2026-11-23T19:00:00Z rec:<22 characters> kvs:edge-health by:ann@laptop`,
 * with the name cut to what is left of 128 characters.
 */
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

/** A name without characters that would break a line or the comment. */
export function plainName(by: string): string {
  return (
    by
      .replace(/[^\x20-\x7e]+/g, '?')
      .trim()
      .slice(0, 60) || 'unknown'
  );
}
