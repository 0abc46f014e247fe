import { defaultMaxUtilization } from '../../kvs/limits.ts';
import { describeFunction } from '../aws/function.ts';
import type { FlagStore } from '../core/flag-store.ts';
import { proveFunction } from '../edge/prove-function.ts';
import { checkBehaviour } from './behaviour.ts';
import { describeTests, judgeTests, testDevelopment, uploadCode } from './development.ts';
import { type Fixture, readFixtures } from './fixtures.ts';
import {
  confirmLive,
  explainFailure,
  isConflict,
  publishOnce,
  type ReleaseWay,
  readLiveStage,
  refuseForeign,
  refuseOvertaken,
} from './live.ts';
import {
  type Candidate,
  openSteps,
  type PublishOptions,
  type PublishTools,
  type Release,
  type ResolvedTools,
  resolveTools,
  type Steps,
} from './publish-tools.ts';
import { describeStage, formatPublishComment, type ReleaseMark, readStage, type Stage } from './stage.ts';
import { keepVersions, nextVersion, type PlannedVersion, planVersion, readHistory, type StoredRecord } from './versions.ts';

/**
 * Builds the function of the working tree, proves it and makes it LIVE. Two reads and no write when LIVE is this code
 * already. TEST_FAILED, GATE_REFUSED and CONFLICT give the reason when nothing reached LIVE.
 */
export async function publishRouter(tools: PublishTools, options: PublishOptions = {}): Promise<Release> {
  const { config, njs, revision, signal } = tools;
  const steps = openSteps(resolveTools(tools));
  const built = await steps.run(
    'build',
    () => proveFunction({ config, njs, signal }),
    ({ bytes, sha256, njs: engine }) => {
      const passed = engine === 'passed' ? 'passes the syntax gate and njs' : 'passes the syntax gate; njs is not installed';
      return `${bytes} bytes, ${sha256.slice(0, 12)}, ${passed}`;
    },
  );
  for (const warning of built.warnings) steps.note(warning);
  return releaseCode({ code: Buffer.from(built.code), sha256: built.sha256, revision }, tools, options, steps);
}

/** What one release works on, from its first read to its last. */
interface Work {
  tools: ResolvedTools;
  steps: Steps;
  candidate: Candidate;
  options: Required<PublishOptions>;
  fixtures: readonly Fixture[];
  keyValueStoreArn: string;
  store: FlagStore | undefined;
  /** What was LIVE, and in DEVELOPMENT, when the release began. */
  live: Stage | undefined;
  before: Stage | undefined;
  way: ReleaseWay;
}

/** Times that DEVELOPMENT may change under a release before it gives up. */
const maxRounds = 3;

/**
 * Everything from the comparison with LIVE to reading it back. A failure says what it left; the next run continues
 * from there.
 */
export async function releaseCode(
  candidate: Candidate,
  tools: PublishTools,
  options: PublishOptions,
  steps: Steps = openSteps(resolveTools(tools)),
): Promise<Release> {
  const resolved = resolveTools(tools);
  const way: ReleaseWay = { reached: 'nothing', marks: [] };
  try {
    return await release(candidate, resolved, options, steps, way);
  } catch (error) {
    throw await explainFailure(error, { ...way, tools: resolved, rollbackTo: candidate.of });
  }
}

async function release(
  candidate: Candidate,
  tools: ResolvedTools,
  options: PublishOptions,
  steps: Steps,
  way: ReleaseWay,
): Promise<Release> {
  const { cloudFront, config, retry, now } = tools;
  const { functionName: name, keyValueStoreName } = config;
  const { code, sha256 } = candidate;
  const { force = false, maxUtilization = defaultMaxUtilization } = options;
  const result = { name, bytes: code.length, sha256, ...shownBy(steps), njs: tools.njs === undefined ? 'absent' : 'passed' } as const;

  const live = await steps.run(
    'compare',
    () => readLiveStage(tools),
    (stage) => (stage?.sha256 === sha256 ? 'LIVE already runs this code' : `LIVE is ${describeStage(stage, now())}`),
  );
  if (live?.sha256 === sha256 && (await hasStore(live, tools)))
    return { outcome: 'unchanged', ...result, arn: live.arn, version: live.published?.version };
  if (live !== undefined && !force) refuseForeign(live, now());

  const fixtures = tools.fixtures ?? (await readFixtures());
  await checkBehaviour(candidate, live, tools, steps);

  const keyValueStoreArn = await steps.run(
    'store',
    () => findArn(tools),
    (arn) => `${keyValueStoreName}, ${arn.split('/').at(-1)}`,
  );
  const store = await tools.openStore?.(keyValueStoreArn);
  await tools.confirm?.({ name, version: nextVersion(live, await readHistory(store)), sha256, keyValueStoreArn });

  const before = await retry('read DEVELOPMENT', () => readStage(cloudFront, name, 'DEVELOPMENT'));
  const work: Work = { tools, steps, candidate, options: { force, maxUtilization }, fixtures, keyValueStoreArn, store, live, before, way };
  for (let round = 1; ; round++) {
    try {
      const { arn, version } = await releaseOnce(work);
      return { outcome: 'published', ...result, arn, version };
    } catch (error) {
      // Only an ETag that was stale before PublishFunction: a later failure may have published, and a retry must not
      // bring that code back.
      const isStale = isConflict(error) && error.cause !== undefined && way.reached !== 'publishing';
      if (!isStale || round >= maxRounds) throw error;
    }
  }
}

/**
 * DEVELOPMENT → TestFunction → record → PublishFunction → read LIVE back.
 *
 * No release overtakes another one unseen. LIVE is read again after our own upload: a release that uploaded before us
 * and has not published by then cannot publish any more, because its ETag is stale; one that uploads after us makes our
 * own PublishFunction fail in the same way.
 */
async function releaseOnce(work: Work): Promise<{ arn: string; version: number }> {
  const { tools, steps, candidate, options, fixtures, keyValueStoreArn, store, live, before, way } = work;
  const { config, by, now, nonce } = tools;
  const { functionName: name, keyValueStoreName } = config;
  const { code, sha256, revision } = candidate;
  const isRollback = candidate.of !== undefined;

  const at = now();
  const known = await readHistory(store);
  const planned = planVersion({ candidate, live, known, by, at, nonce: nonce() });
  const mark: ReleaseMark = { version: planned.version, sha256, link: planned.link };
  way.marks.unshift(mark);

  way.reached = 'upload';
  const source = { name, code, comment: formatPublishComment({ ...mark, revision, at, keyValueStoreName, by }), keyValueStoreArn };
  const uploading = { replaceOthers: options.force || isRollback, live, before, marks: way.marks, note: steps.note };
  const upload = () => uploadCode(source, uploading, tools);
  const { version: development } = await steps.run('upload', upload, ({ how }) => `DEVELOPMENT ${how}`);
  const { etag } = development;

  way.reached = 'development';
  const { maxUtilization } = options;
  const report = await steps.run('test', () => testDevelopment({ name, etag, fixtures, maxUtilization }, tools), describeTests);
  judgeTests(report, isRollback, steps.note);
  refuseOvertaken(live, await readLiveStage(tools), now());
  await steps.run(
    'record',
    () => recordVersion(planned, known, etag, work),
    (what) => what,
  );

  way.reached = 'publishing';
  await steps.run(
    'publish',
    () => publishOnce(mark, etag, tools),
    () => `v${mark.version} to LIVE`,
  );
  const confirmed = await steps.run(
    'verify',
    () => confirmLive(mark, tools),
    () => `LIVE is ${sha256.slice(0, 12)}`,
  );
  return { arn: confirmed.arn, version: mark.version };
}

function shownBy({ steps, notes, changes }: Steps): Pick<Release, 'steps' | 'notes' | 'changes'> {
  return { steps, notes, changes };
}

/**
 * Records the version. Another release that took the same place has lost DEVELOPMENT to us and cannot publish any more.
 */
async function recordVersion(
  planned: PlannedVersion,
  known: readonly StoredRecord[],
  etag: string,
  { tools: { cloudFront, config }, store }: Work,
): Promise<string> {
  try {
    return await keepVersions(planned, store, known);
  } catch (error) {
    if (!isConflict(error) || (await describeFunction(cloudFront, config.functionName, 'DEVELOPMENT'))?.etag !== etag) throw error;
    return keepVersions(planned, store, await readHistory(store));
  }
}

/** Whether LIVE reads the right store; no further call when its comment names it. */
async function hasStore(live: Stage, tools: PublishTools): Promise<boolean> {
  if (live.keyValueStoreArn === undefined) return false;
  const { keyValueStoreArn, config } = tools;
  if (typeof keyValueStoreArn === 'function' && live.published?.keyValueStoreName === config.keyValueStoreName) return true;
  return live.keyValueStoreArn === (await findArn(tools));
}

async function findArn({ keyValueStoreArn }: PublishTools): Promise<string> {
  return typeof keyValueStoreArn === 'string' ? keyValueStoreArn : keyValueStoreArn();
}
