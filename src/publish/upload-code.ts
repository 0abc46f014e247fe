import type { CloudFrontClient } from '@aws-sdk/client-cloudfront';
import { createFunction, type FunctionSource, type FunctionVersion, updateFunction } from '../aws/function.ts';
import { EdgeError } from '../errors.ts';
import { storeTimeoutMs } from '../store/create-store.ts';
import { isRelease, type ReleaseMark } from './confirm-live.ts';
import type { ResolvedTools } from './publish-tools.ts';
import { describeOwner, readStage, type Stage } from './stage.ts';

export interface UploadOptions extends ResolvedTools {
  /** Replace code in DEVELOPMENT that is not this release's, and say so. */
  replaceOthers: boolean;
  /** What was LIVE when this began. */
  live: Stage | undefined;
  /** What DEVELOPMENT was when this began; only an unfinished release of the same author is replaced there. */
  before: Stage | undefined;
  /** This release, by which a lost answer to our own write is recognised, and behind it what it was called in earlier rounds. */
  marks: readonly [ReleaseMark, ...ReleaseMark[]];
}

/** DEVELOPMENT with the new code in it, and whether it was there already. */
export interface Uploaded {
  version: FunctionVersion;
  how: 'created' | 'updated' | 'there already';
}

const maxTries = 5;
const storePauseMs = 1_000;

/**
 * Puts the code into DEVELOPMENT. On an ETag conflict it reads DEVELOPMENT again: code that came there since this release began belongs to another
 * release that is under way, whoever its author is, and CONFLICT names it.
 */
export async function uploadCode(client: CloudFrontClient, source: FunctionSource, options: UploadOptions): Promise<Uploaded> {
  const { retry, pause, sleep, progress, now } = options;
  const startedAt = now();
  for (let failed = 0; ; ) {
    const there = await retry('read DEVELOPMENT', () => readStage(client, source.name, 'DEVELOPMENT'));
    if (there !== undefined && isRelease(there, options.marks[0])) return { version: there, how: 'there already' };
    if (there !== undefined) considerOthers(there, options);
    try {
      const write = () => (there === undefined ? createFunction(client, source) : updateFunction(client, source, there.etag));
      return { version: await retry('upload the code', write), how: there === undefined ? 'created' : 'updated' };
    } catch (error) {
      if (isUnprovisioned(error) && now() - startedAt < storeTimeoutMs) {
        progress('the key-value store is still being made');
        await sleep(storePauseMs);
        continue;
      }
      failed++;
      if (!isLate(error) || failed >= maxTries) throw error;
      await pause(failed);
    }
  }
}

/** Throws when replacing DEVELOPMENT would lose unpublished work or disturb another release, unless that is wanted. */
function considerOthers(there: Stage, { by, live, before, now, log, replaceOthers, marks }: UploadOptions): void {
  if (there.sha256 === live?.sha256 || marks.some((mark) => isRelease(there, mark))) return;
  const isLeftover = there.etag === before?.etag;
  if (isLeftover && (there.sha256 === marks[0].sha256 || there.published?.by === by)) return;
  const whose = `${describeOwner(there, now())}, which ${isLeftover ? 'was not LIVE when this began' : 'came there meanwhile'}`;
  if (!replaceOthers) throw new EdgeError('CONFLICT', `DEVELOPMENT holds ${whose}`, { hint: '--force replaces it; LIVE is unchanged' });
  log(`note: replaces in DEVELOPMENT ${whose}`);
}

/** DEVELOPMENT was written meanwhile, be it by a call of ours whose answer was lost. */
function isLate(error: unknown): boolean {
  if (!(error instanceof EdgeError)) return false;
  return error.code === 'CONFLICT' || (error.cause instanceof Error && error.cause.name === 'FunctionAlreadyExists');
}

/** A new store cannot be associated at once; the words are those of live runs. */
function isUnprovisioned(error: unknown): boolean {
  return error instanceof EdgeError && /before the resource is provisioned/i.test(error.message);
}
