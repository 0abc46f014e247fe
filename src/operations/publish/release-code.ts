import { defaultMaxUtilization } from '../../../kvs/limits.ts';
import { publishFunction as publishStage } from '../../aws/function.ts';
import { EdgeError } from '../../cli/errors.ts';
import { confirmLive } from './confirm-live.ts';
import { describeTests, judgeTests } from './judge-tests.ts';
import { openSteps, type PublishStep, type Steps } from './open-steps.ts';
import { formatPublishComment } from './publish-comment.ts';
import { type PublishOptions, type PublishTools, resolveTools } from './publish-tools.ts';
import { readFixtures } from './read-fixtures.ts';
import { keepVersions, nextVersion, readKnownVersions } from './record-versions.ts';
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
  /** SHA-256 of what is LIVE, hex. */
  sha256: string;
  /** Undefined when LIVE was unchanged and its comment is not ours. */
  version: number | undefined;
  steps: PublishStep[];
}

/** How far a release had come when it failed. */
type Reached = 'nothing' | 'development' | 'publishing';

/** Times that DEVELOPMENT may change under a release before it gives up. */
const maxRounds = 3;

/** Everything from comparing with LIVE to reading it back. A failure says what it left behind; running it again goes on from there. */
export async function releaseCode(
  candidate: Candidate,
  tools: PublishTools,
  options: PublishOptions,
  steps: Steps = openSteps(resolveTools(tools)),
): Promise<Release> {
  const { cloudFront, config } = tools;
  const { functionName: name, keyValueStoreName } = config;
  const resolved = resolveTools(tools);
  const { by, now, retry, log } = resolved;
  const { force = false, maxUtilization = defaultMaxUtilization } = options;
  const { code, sha256, revision } = candidate;

  const readLive = () => retry('read LIVE', () => readStage(cloudFront, name, 'LIVE'));
  const live = await steps.run('compare', readLive, (stage) => describeLive(stage, sha256, now()));
  const result = { name, bytes: code.length, sha256, steps: steps.done };
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
  const known = await readKnownVersions(store);
  const version = nextVersion(live, known);
  const comment = formatPublishComment({ version, revision, sha256, at: now(), keyValueStoreName, by });

  const attempt = async (reach: (reached: Reached) => void): Promise<Stage> => {
    const upload = () =>
      uploadCode(
        cloudFront,
        { name, code, comment, keyValueStoreArn },
        { ...resolved, replaceOthers: force || candidate.of !== undefined, live },
      );
    const { version: development } = await steps.run('upload', upload, ({ how }) => `DEVELOPMENT ${how}`);
    const { etag } = development;
    reach('development');
    const report = await steps.run('test', () => testStage(cloudFront, name, { etag, fixtures, maxUtilization, retry }), describeTests);
    judgeTests(report, candidate.of !== undefined, log);
    await steps.run(
      'record',
      () => keepVersions({ candidate, version, live, by, now, store, known }),
      (told) => told,
    );
    reach('publishing');
    await steps.run(
      'publish',
      () => retry('publish', () => publishStage(cloudFront, name, etag)),
      () => `v${version} to LIVE`,
    );
    return steps.run(
      'verify',
      () => confirmLive(cloudFront, name, sha256, resolved),
      () => `LIVE is ${sha256.slice(0, 12)}`,
    );
  };

  for (let round = 1; ; round++) {
    let reached: Reached = 'nothing';
    try {
      const after = await attempt((now) => {
        reached = now;
      });
      return { outcome: 'published', ...result, arn: after.arn, version };
    } catch (error) {
      const isChanged = error instanceof EdgeError && error.code === 'CONFLICT' && reached !== ('nothing' as Reached);
      // Somebody changed DEVELOPMENT meanwhile: the next round looks whose code is there now.
      if (!isChanged || round >= maxRounds) throw tellState(error, leftBehind(reached, candidate));
    }
  }
}

function describeLive(live: Stage | undefined, sha256: string, now: number): string {
  if (live === undefined) return 'nothing is LIVE yet';
  return live.sha256 === sha256 ? 'LIVE is this very code' : `LIVE is ${describeOwner(live, now)}`;
}

/** Throws when LIVE is code that was not published by this project, such as a mend made in the console. */
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

function leftBehind(reached: Reached, { of }: Candidate): string | undefined {
  if (reached === 'nothing') return undefined;
  if (reached === 'development') return 'LIVE is unchanged, DEVELOPMENT holds the new code';
  // The version before is another one as soon as this one is LIVE: by its number it is the same in any case.
  return of === undefined
    ? 'npm run function:history shows whether it is LIVE'
    : `npm run function:rollback -- --to ${of} makes sure of it`;
}

function tellState(error: unknown, state: string | undefined): unknown {
  if (!(error instanceof EdgeError) || state === undefined) return error;
  return new EdgeError(error.code, error.message, {
    hint: error.hint === undefined ? state : `${error.hint}; ${state}`,
    cause: error.cause,
  });
}
