import type { CloudFrontClient } from '@aws-sdk/client-cloudfront';
import { defaultMaxUtilization } from '../../kvs/limits.ts';
import { describeFunction, publishFunction as publishStage } from '../aws/function.ts';
import { EdgeError } from '../errors.ts';
import { confirmLive, describeStage, isRelease, type ReleaseMark } from './confirm-live.ts';
import { describeTests, judgeTests } from './judge-tests.ts';
import { openSteps, type PublishStep, type Steps } from './open-steps.ts';
import { formatPublishComment } from './publish-comment.ts';
import { type PublishOptions, type PublishTools, type ResolvedTools, resolveTools } from './publish-tools.ts';
import { readFixtures } from './read-fixtures.ts';
import { keepVersions, nextVersion, planVersion, readKnownVersions } from './record-versions.ts';
import { showBehaviour } from './show-behaviour.ts';
import { describeOwner, readStage, type Stage } from './stage.ts';
import { testStage } from './test-stage.ts';
import { uploadCode } from './upload-code.ts';

/** Code that is to become LIVE. */
export interface Candidate {
  code: Uint8Array;
  /** Hex. */
  sha256: string;
  revision: string | undefined;
  /** The version whose code this is, for a rollback: only a failing run stops it, neither what has become the rule since nor unpublished code. */
  of?: number;
}

export interface Release {
  outcome: 'published' | 'unchanged';
  name: string;
  arn: string;
  bytes: number;
  /** SHA-256 of the code, hex. */
  sha256: string;
  /** Undefined when LIVE was unchanged and its comment is not ours. */
  version: number | undefined;
  steps: PublishStep[];
  /** Whether njs took the code; absent: it was published unproven. */
  njs: 'passed' | 'absent';
}

/** How far a release had come when it failed. */
type Reached = 'nothing' | 'development' | 'publishing';

/** Times that DEVELOPMENT may change under a release before it gives up. */
const maxRounds = 3;

/**
 * Everything from comparing with LIVE to reading it back. A failure says what it left behind; running it again goes on from there.
 *
 * No release overtakes another one unseen. LIVE is read again after our own upload: a release that uploaded before us and has not published by then
 * can no longer do so, since the ETag it would publish is stale; one that uploads after us makes our own PublishFunction fail in the same way.
 */
export async function releaseCode(
  candidate: Candidate,
  tools: PublishTools,
  options: PublishOptions,
  steps: Steps = openSteps(resolveTools(tools)),
): Promise<Release> {
  const { cloudFront, config, confirm } = tools;
  const { functionName: name, keyValueStoreName } = config;
  const resolved = resolveTools(tools);
  const { by, now, retry, log, nonce } = resolved;
  const { force = false, maxUtilization = defaultMaxUtilization } = options;
  const { code, sha256, revision } = candidate;

  const readLive = () => retry('read LIVE', () => readStage(cloudFront, name, 'LIVE'));
  const live = await steps.run('compare', readLive, (stage) => describeLive(stage, sha256, now()));
  const result = {
    name,
    bytes: code.length,
    sha256,
    steps: steps.done,
    njs: tools.njs === undefined ? ('absent' as const) : ('passed' as const),
  };
  if (live?.sha256 === sha256 && (await hasStore(live, tools)))
    return { outcome: 'unchanged', ...result, arn: live.arn, version: live.published?.version };
  if (live !== undefined && !force) refuseForeign(live, now());

  const fixtures = tools.fixtures ?? (await readFixtures());
  await showBehaviour(candidate, live, tools, steps);
  const keyValueStoreArn = await steps.run(
    'store',
    () => findArn(tools),
    (arn) => `${keyValueStoreName}, ${arn.split('/').at(-1)}`,
  );
  const store = await tools.openStore?.(keyValueStoreArn);
  await confirm?.({ name, version: nextVersion(live, await readKnownVersions(store)), sha256, keyValueStoreArn });
  const before = await retry('read DEVELOPMENT', () => readStage(cloudFront, name, 'DEVELOPMENT'));

  const marks: ReleaseMark[] = [];
  const attempt = async (reach: (reached: Reached) => void): Promise<{ live: Stage; version: number }> => {
    const at = now();
    const known = await readKnownVersions(store);
    const planned = planVersion({ candidate, live, known, by, at, nonce: nonce() });
    const mark = { version: planned.version, sha256, link: planned.link };
    const comment = formatPublishComment({ ...mark, revision, at, keyValueStoreName, by });
    const source = { name, code, comment, keyValueStoreArn };
    const uploading = { ...resolved, replaceOthers: force || candidate.of !== undefined, live, before, marks: [mark, ...marks] as const };
    marks.unshift(mark);
    const upload = () => uploadCode(cloudFront, source, uploading);
    const { version: development } = await steps.run('upload', upload, ({ how }) => `DEVELOPMENT ${how}`);
    const { etag } = development;
    reach('development');
    const report = await steps.run('test', () => testStage(cloudFront, name, { etag, fixtures, maxUtilization, retry }), describeTests);
    judgeTests(report, candidate.of !== undefined, log);
    refuseOvertaken(live, await readLive(), now());
    await steps.run(
      'record',
      async () => {
        try {
          return await keepVersions(planned, store, known);
        } catch (error) {
          if (!isConflict(error) || (await describeFunction(cloudFront, name, 'DEVELOPMENT'))?.etag !== etag) throw error;
          // Whoever recorded this version has lost DEVELOPMENT to us and cannot publish any more.
          return keepVersions(planned, store, await readKnownVersions(store));
        }
      },
      (told) => told,
    );
    reach('publishing');
    await steps.run(
      'publish',
      () => publishOnce({ cloudFront, name, etag, mark, readLive, retry }),
      () => `v${mark.version} to LIVE`,
    );
    const confirmed = await steps.run(
      'verify',
      () => confirmLive(cloudFront, name, mark, resolved),
      () => `LIVE is ${sha256.slice(0, 12)}`,
    );
    return { live: confirmed, version: mark.version };
  };

  for (let round = 1; ; round++) {
    let reached: Reached = 'nothing';
    try {
      const after = await attempt((now) => {
        reached = now;
      });
      return { outcome: 'published', ...result, arn: after.live.arn, version: after.version };
    } catch (error) {
      // Only an ETag that was stale before PublishFunction: whatever failed later may have published, and must not come back by a retry.
      const isStale = isConflict(error) && error.cause !== undefined && (reached as Reached) !== 'publishing';
      if (isStale && round < maxRounds) continue;
      throw tellState(error, await leftBehind(error, reached, candidate, marks[0], readLive, now()));
    }
  }
}

interface PublishOnceOptions {
  cloudFront: CloudFrontClient;
  name: string;
  etag: string;
  mark: ReleaseMark;
  readLive: () => Promise<Stage | undefined>;
  retry: ResolvedTools['retry'];
}

/** PublishFunction. A lost answer is followed by another try, whose CONFLICT may mean that the first one published: LIVE says so. */
async function publishOnce({ cloudFront, name, etag, mark, readLive, retry }: PublishOnceOptions): Promise<void> {
  try {
    await retry('publish', () => publishStage(cloudFront, name, etag));
  } catch (error) {
    if (!isConflict(error) || !isRelease(await readLive(), mark)) throw error;
  }
}

function isConflict(error: unknown): error is EdgeError {
  return error instanceof EdgeError && error.code === 'CONFLICT';
}

/** Throws when LIVE is no longer what this release was compared with. */
function refuseOvertaken(before: Stage | undefined, after: Stage | undefined, now: number): void {
  const isSame =
    before?.sha256 === after?.sha256 && before?.comment === after?.comment && before?.keyValueStoreArn === after?.keyValueStoreArn;
  if (isSame) return;
  throw new Overtaken('CONFLICT', `another release was quicker: LIVE is now ${describeStage(after, now)}`, {
    hint: 'this release published nothing; check that your code contains that change, then run it again',
  });
}

class Overtaken extends EdgeError {}

function describeLive(live: Stage | undefined, sha256: string, now: number): string {
  if (live === undefined) return 'nothing is LIVE yet';
  return live.sha256 === sha256 ? 'LIVE is this very code' : `LIVE is ${describeOwner(live, now)}`;
}

/** Throws when LIVE is code that was not published by this project, such as a fix made in the console. */
function refuseForeign(live: Stage, now: number): void {
  if (live.published !== undefined) return;
  throw new EdgeError('CONFLICT', `LIVE holds ${describeOwner(live, now)}: it was not published from here`, {
    hint: '--force replaces it; its code is recorded first, so that function:rollback can bring it back',
  });
}

/** Whether LIVE reads the right store; no further call when its comment says so. */
async function hasStore(live: Stage, tools: PublishTools): Promise<boolean> {
  if (live.keyValueStoreArn === undefined) return false;
  const { keyValueStoreArn, config } = tools;
  if (typeof keyValueStoreArn === 'function' && live.published?.keyValueStoreName === config.keyValueStoreName) return true;
  return live.keyValueStoreArn === (await findArn(tools));
}

async function findArn({ keyValueStoreArn }: PublishTools): Promise<string> {
  return typeof keyValueStoreArn === 'string' ? keyValueStoreArn : keyValueStoreArn();
}

/** What a failed release left behind. Where another release or a lost answer may have changed LIVE, only LIVE itself can say what it is. */
async function leftBehind(
  error: unknown,
  reached: Reached,
  { of }: Candidate,
  mark: ReleaseMark | undefined,
  readLive: () => Promise<Stage | undefined>,
  now: number,
): Promise<string | undefined> {
  if (reached === 'nothing' || error instanceof Overtaken) return undefined;
  if (reached === 'development' && !isConflict(error)) return 'LIVE is unchanged, DEVELOPMENT holds the new code';
  const live = await readLive().then(
    (stage) => `LIVE is ${mark !== undefined && isRelease(stage, mark) ? `v${mark.version}, this release` : describeStage(stage, now)}`,
    () => 'LIVE cannot be read',
  );
  if (reached === 'development') return live;
  // The version before is another one as soon as this one is LIVE: by its number it is the same in any case.
  return of === undefined
    ? `${live}; npm run function:history shows whether it is LIVE`
    : `${live}; npm run function:rollback -- --to ${of} makes sure of it`;
}

function tellState(error: unknown, state: string | undefined): unknown {
  if (!(error instanceof EdgeError) || state === undefined) return error;
  return new EdgeError(error.code, error.message, {
    hint: error.hint === undefined ? state : `${error.hint}; ${state}`,
    cause: error.cause,
  });
}
