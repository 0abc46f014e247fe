import { publishFunction as publishDevelopment } from '../aws/function.ts';
import type { EdgeConfig } from '../config/edge-config.ts';
import { firstCode } from '../edge/first-code.ts';
import { EdgeError } from '../errors.ts';
import { pageOf, typed } from '../text/typed.ts';
import type { ResolvedTools } from './publish-tools.ts';
import { describeStage, hashCode, isRelease, isSameStage, type ReleaseMark, readStage, type Stage } from './stage.ts';

// LIVE: reading it, publishing to it, and what a failed release left there.

export function readLiveStage({ cloudFront, config, retry }: ResolvedTools): Promise<Stage | undefined> {
  return retry('read LIVE', () => readStage(cloudFront, config.functionName, 'LIVE'));
}

/** CONFLICT when LIVE is code that this project did not publish, such as a fix made in the console. */
export function refuseForeign(live: Stage, now: number): void {
  if (live.published !== undefined || live.sha256 === hashCode(firstCode)) return;
  throw new EdgeError('CONFLICT', `LIVE holds ${describeStage(live, now)}: this project did not publish it`, {
    hint: '--force replaces it and records its code first, so that function:rollback can bring it back',
  });
}

/** CONFLICT when edge.config.ts says that another tool publishes the code. */
export function refuseOtherPublisher({ functionName, publishedBy }: Pick<EdgeConfig, 'functionName' | 'publishedBy'>): void {
  if (publishedBy === 'function:publish') return;
  throw new EdgeError('CONFLICT', `${publishedBy} publishes ${functionName}, by publishedBy in edge.config.ts`, {
    hint: `deploy the build with ${publishedBy}: ${pageOf('terraform.md')}; or remove publishedBy, and take the code out of that tool first`,
  });
}

class Overtaken extends EdgeError {}

/** CONFLICT when LIVE is no longer what this release was compared with. */
export function refuseOvertaken(before: Stage | undefined, after: Stage | undefined, now: number): void {
  if (isSameStage(before, after)) return;
  throw new Overtaken('CONFLICT', `another release came first: LIVE is now ${describeStage(after, now)}`, {
    hint: 'this release published nothing; check that your code contains that change, then run it again',
  });
}

/** PublishFunction. After a lost answer the second call may fail with CONFLICT because the first one published. */
export async function publishOnce(mark: ReleaseMark, etag: string, tools: ResolvedTools): Promise<void> {
  try {
    await tools.retry('publish', () => publishDevelopment(tools.cloudFront, tools.config.functionName, etag));
  } catch (error) {
    if (!isConflict(error) || !isRelease(await readLiveStage(tools), mark)) throw error;
  }
}

export function isConflict(error: unknown): error is EdgeError {
  return error instanceof EdgeError && error.code === 'CONFLICT';
}

/** LIVE after PublishFunction succeeded. CONFLICT when it is another release by now. */
export async function confirmLive(mark: ReleaseMark, tools: ResolvedTools): Promise<Stage> {
  const live = await rereadLive(mark, tools);
  if (live !== undefined && isRelease(live, mark)) return live;
  throw new EdgeError('CONFLICT', `v${mark.version} was published, but LIVE is now ${describeStage(live, tools.now())}`, {
    hint: `another release came right after this one: ${typed('function:history')} shows both`,
  });
}

/** Reads of LIVE before a difference is believed: the control plane may show the old stage for moments. */
const maxReads = 5;

/** LIVE, read until it is this release; after the last read, what it is instead. */
async function rereadLive(mark: ReleaseMark, tools: ResolvedTools): Promise<Stage | undefined> {
  for (let reads = 1; ; reads++) {
    const live = await readLiveStage(tools);
    if (isRelease(live, mark) || reads >= maxReads) return live;
    await tools.pause(reads);
  }
}

/** How far a release came: what it may have written when it failed. */
export interface ReleaseWay {
  reached: 'nothing' | 'upload' | 'development' | 'publishing';
  /** This release, the newest round first; empty before the first round. */
  marks: ReleaseMark[];
}

export interface FailedRelease extends ReleaseWay {
  tools: ResolvedTools;
  /** A rollback: the version whose code was to become LIVE. */
  rollbackTo: number | undefined;
}

/** The error, with what the release left behind. */
export async function explainFailure(error: unknown, failed: FailedRelease): Promise<unknown> {
  if (failed.tools.signal?.aborted) return explainInterruption(error, failed);
  if (!(error instanceof EdgeError)) return error;
  const state = await describeLeft(error, failed);
  if (state === undefined) return error;
  const hint = error.hint === undefined ? state : `${error.hint}; ${state}`;
  return new EdgeError(error.code, error.message, { hint, cause: error.cause });
}

async function describeLeft(error: EdgeError, { reached, tools, rollbackTo, marks: [mark] }: FailedRelease): Promise<string | undefined> {
  if (reached === 'nothing' || reached === 'upload' || error instanceof Overtaken) return undefined;
  if (reached === 'development' && !isConflict(error)) return 'LIVE is unchanged, DEVELOPMENT holds the new code';
  // Another release or a lost answer may have changed LIVE: only reading it shows that.
  const live = await readLiveStage(tools).then(
    (stage) => (mark && isRelease(stage, mark) ? `LIVE is v${mark.version}, this release` : `LIVE is ${describeStage(stage, tools.now())}`),
    () => 'LIVE cannot be read',
  );
  if (reached === 'development') return live;
  // Once this release is LIVE, "the version before" is another one; its number stays the same.
  return rollbackTo === undefined
    ? `${live}; ${typed('function:history')} shows whether it is LIVE`
    : `${live}; ${typed('function:rollback --')} --to ${rollbackTo} makes sure of it`;
}

/** Reads LIVE without the signal that ended the release. A second Ctrl-C ends the process in any case. */
async function explainInterruption(cause: unknown, { reached, tools, marks: [mark] }: FailedRelease): Promise<EdgeError> {
  const ended = tools.signal?.reason instanceof EdgeError ? tools.signal.reason.message : 'interrupted';
  const explain = (message: string, hint: string) => new EdgeError('INTERRUPTED', `${ended}${message}`, { hint, cause });
  if (reached === 'nothing' || mark === undefined) return explain(': nothing was written', 'LIVE and DEVELOPMENT are unchanged');
  if (reached === 'upload') return explain(': nothing was published', 'LIVE is unchanged, DEVELOPMENT may hold the new code');
  if (reached === 'development') return explain(': nothing was published', 'LIVE is unchanged, DEVELOPMENT holds the new code');
  const history = `${typed('function:history')} shows what is LIVE`;
  try {
    const live = await rereadLive(mark, tools.withoutSignal());
    return isRelease(live, mark)
      ? explain(`, but v${mark.version} is published and LIVE`, `${typed('function:rollback')} brings the version before it back`)
      : explain(`: v${mark.version} is not LIVE; LIVE is ${describeStage(live, tools.now())}`, history);
  } catch {
    return explain(` while v${mark.version} was being published, and LIVE cannot be read`, history);
  }
}
