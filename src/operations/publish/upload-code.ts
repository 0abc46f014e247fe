import type { CloudFrontClient } from '@aws-sdk/client-cloudfront';
import { createFunction, type FunctionSource, type FunctionVersion, updateFunction } from '../../aws/function.ts';
import { EdgeError } from '../../cli/errors.ts';
import { storeTimeoutMs } from '../store-plan/create-store.ts';
import { hashCode } from './pack-code.ts';
import { parsePublishComment } from './publish-comment.ts';
import type { ResolvedTools } from './publish-tools.ts';
import { describeOwner, readStage, type Stage } from './stage.ts';

export interface UploadOptions extends ResolvedTools {
  /** Replace somebody else's unpublished code, and say so. */
  replaceOthers: boolean;
  /** What was LIVE when this began. */
  live: Stage | undefined;
}

/** DEVELOPMENT with the new code in it, and whether it was there already. */
export interface Uploaded {
  version: FunctionVersion;
  how: 'created' | 'updated' | 'there already';
}

const maxTries = 5;
const storePauseMs = 1_000;

/** Puts the code into DEVELOPMENT. Whenever somebody else was quicker it looks again: their code is theirs, CONFLICT says whose. */
export async function uploadCode(client: CloudFrontClient, source: FunctionSource, options: UploadOptions): Promise<Uploaded> {
  const { retry, pause, sleep, progress, now } = options;
  const sha256 = hashCode(source.code);
  const startedAt = now();
  for (let failed = 0; ; ) {
    const there = await retry('read DEVELOPMENT', () => readStage(client, source.name, 'DEVELOPMENT'));
    if (there !== undefined && isUploaded(there, source)) return { version: there, how: 'there already' };
    if (there !== undefined && there.sha256 !== sha256) considerOthers(there, options);
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

/** An earlier try came so far: the code, the store and the version are those of this one. */
function isUploaded(there: Stage, { code, comment, keyValueStoreArn }: FunctionSource): boolean {
  if (there.sha256 !== hashCode(code) || there.keyValueStoreArn !== keyValueStoreArn) return false;
  return there.published !== undefined && there.published.version === parsePublishComment(comment)?.version;
}

/** Throws when replacing DEVELOPMENT would lose somebody's work, unless that is wanted. */
function considerOthers(there: Stage, { by, live, now, log, replaceOthers }: UploadOptions): void {
  if (there.sha256 === live?.sha256 || there.published?.by === by) return;
  const whose = `${describeOwner(there, now())}, which was not LIVE when this began`;
  if (!replaceOthers) throw new EdgeError('CONFLICT', `DEVELOPMENT holds ${whose}`, { hint: '--force replaces it; LIVE is unchanged' });
  log(`note: replaces in DEVELOPMENT ${whose}`);
}

/** Somebody else wrote first, be it this very code in a call whose answer was lost. */
function isLate(error: unknown): boolean {
  if (!(error instanceof EdgeError)) return false;
  return error.code === 'CONFLICT' || (error.cause instanceof Error && error.cause.name === 'FunctionAlreadyExists');
}

/** A new store cannot be associated at once; the words are those of live runs. */
function isUnprovisioned(error: unknown): boolean {
  return error instanceof EdgeError && /before the resource is provisioned/i.test(error.message);
}
