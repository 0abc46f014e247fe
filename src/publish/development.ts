import pMap from 'p-map';
import {
  createFunction,
  type FunctionTest,
  type FunctionVersion,
  type StageSource,
  testFunction,
  updateFunction,
} from '../aws/function.ts';
import { hasTeamCode } from '../edge/team-code.ts';
import { EdgeError } from '../errors.ts';
import { storeTimeoutMs } from '../store/create-store.ts';
import { checkFixture, type Fixture, findEarlyAnswer, withoutRoute } from './fixtures.ts';
import type { ResolvedTools, Steps } from './publish-tools.ts';
import { describeStage, isRelease, type ReleaseMark, readStage, type Stage } from './stage.ts';

export interface UploadOptions {
  /** Replace another publisher's code in DEVELOPMENT, with a note. */
  replaceOthers: boolean;
  /** What was LIVE when this release began. */
  live: Stage | undefined;
  /** What DEVELOPMENT was when this release began; of that, only the same author's unfinished release is replaced. */
  before: Stage | undefined;
  /** This release, which identifies our own write after a lost answer; behind it the same release's earlier rounds. */
  marks: readonly ReleaseMark[];
  note: Steps['note'];
}

/** DEVELOPMENT with the new code in it, and how it got there. */
export interface Uploaded {
  version: FunctionVersion;
  how: 'created' | 'updated' | 'there already';
}

const maxTries = 5;
const storePauseMs = 1_000;

/**
 * Puts the code into DEVELOPMENT. After an ETag conflict it reads DEVELOPMENT again: code that arrived since this
 * release began belongs to another release in progress, also with the same author, and CONFLICT names it.
 */
export async function uploadCode(source: StageSource, options: UploadOptions, tools: ResolvedTools): Promise<Uploaded> {
  const { cloudFront, retry, pause, sleep, progress, now } = tools;
  const [mark] = options.marks;
  const startedAt = now();
  for (let failed = 0; ; ) {
    const found = await retry('read DEVELOPMENT', () => readStage(cloudFront, source.name, 'DEVELOPMENT'));
    if (found !== undefined && mark !== undefined && isRelease(found, mark)) return { version: found, how: 'there already' };
    if (found !== undefined) considerOthers(found, source, options, tools);
    try {
      const write = () => (found === undefined ? createFunction(cloudFront, source) : updateFunction(cloudFront, source, found.etag));
      return { version: await retry('upload the code', write), how: found === undefined ? 'created' : 'updated' };
    } catch (error) {
      if (isUnprovisioned(error) && now() - startedAt < storeTimeoutMs) {
        progress('CloudFront is still creating the key-value store');
        await sleep(storePauseMs);
        continue;
      }
      failed++;
      if (!isLate(error) || failed >= maxTries) throw error;
      await pause(failed);
    }
  }
}

/**
 * CONFLICT when replacing DEVELOPMENT would lose unpublished work or disturb another release, unless that is wanted.
 */
function considerOthers(found: Stage, source: StageSource, options: UploadOptions, { by, now }: ResolvedTools): void {
  const { live, before, replaceOthers, marks, note } = options;
  if (found.sha256 === live?.sha256 || marks.some((mark) => isRelease(found, mark))) return;
  const isLeftover = found.etag === before?.etag;
  const isSameCode = Buffer.from(found.code).equals(source.code);
  if (isLeftover && (isSameCode || found.published?.by === by)) return;
  const owner = `${describeStage(found, now())}, which ${isLeftover ? 'was not LIVE when this release began' : 'arrived after this release began'}`;
  if (!replaceOthers) throw new EdgeError('CONFLICT', `DEVELOPMENT holds ${owner}`, { hint: '--force replaces it; LIVE is unchanged' });
  note(`replaces in DEVELOPMENT ${owner}`);
}

/** DEVELOPMENT was written meanwhile, possibly by a call of ours whose answer was lost. */
function isLate(error: unknown): boolean {
  if (!(error instanceof EdgeError)) return false;
  return error.code === 'CONFLICT' || (error.cause instanceof Error && error.cause.name === 'FunctionAlreadyExists');
}

/** A new store cannot be associated at once; the words are those of live runs. */
function isUnprovisioned(error: unknown): boolean {
  return error instanceof EdgeError && /before the resource is provisioned/i.test(error.message);
}

export interface TestReport {
  tested: number;
  /** The highest of all fixtures, in percent; NaN when CloudFront gave none. */
  utilization: number;
  /** Runs that failed or took too much time: this code must never be LIVE. */
  failures: string[];
  /** Runs whose output is not what their fixture expects. */
  differences: string[];
  /**
   * Runs that the team's own code answered before routing, or that pass through: no failure, and no proof of routing.
   */
  unproven: string[];
}

/** Fixtures that run at the same time. AWS does not document the API's rate. */
const concurrency = 4;

/** Runs every fixture on DEVELOPMENT with TestFunction: CloudFront itself executes the code against the real store. */
export async function testDevelopment(
  { name, etag, fixtures, maxUtilization }: { name: string; etag: string; fixtures: readonly Fixture[]; maxUtilization: number },
  { cloudFront, retry, config }: ResolvedTools,
): Promise<TestReport> {
  const test = async (fixture: Fixture) => {
    const call = () => testFunction(cloudFront, name, { stage: 'DEVELOPMENT', etag, event: fixture.event });
    const run = await retry(`test ${fixture.name}`, call);
    const status = hasTeamCode(config) && run.error === undefined ? findEarlyAnswer(fixture, run) : undefined;
    const isChecked = run.error === undefined && status === undefined;
    const passing = isChecked ? withoutRoute(fixture, run, config) : undefined;
    return {
      unproven: [
        ...(status === undefined ? [] : [`${fixture.name}: answered with ${status} before routing`]),
        ...(passing === undefined ? [] : [`${fixture.name}: no service has ${fixture.event.request.uri}, its route is not compared`]),
      ],
      utilization: run.utilization,
      failures: findFailures(run, maxUtilization).map((failure) => `${fixture.name}: ${failure}`),
      differences: isChecked ? checkFixture(passing ?? fixture, run).map((problem) => `${fixture.name}: ${problem}`) : [],
    };
  };
  const runs = await pMap(fixtures, test, { concurrency });
  return {
    tested: runs.length,
    utilization: Math.max(...runs.map(({ utilization }) => utilization)),
    failures: runs.flatMap(({ failures }) => failures),
    differences: runs.flatMap(({ differences }) => differences),
    unproven: runs.flatMap(({ unproven }) => unproven),
  };
}

function findFailures({ error, utilization }: FunctionTest, maxUtilization: number): string[] {
  if (error !== undefined) return [`the function failed: ${error}`];
  if (Number.isNaN(utilization)) return ['CloudFront did not report how much of the allowed time it took'];
  return utilization > maxUtilization ? [`it took ${utilization} % of the allowed time, the limit is ${maxUtilization} %`] : [];
}

/** `8 fixtures, at most 9 % of the allowed time`. */
export function describeTests({ tested, utilization, failures, differences }: TestReport): string {
  const took = Number.isFinite(utilization) ? `, at most ${utilization} % of the allowed time` : '';
  const bad = failures.length + differences.length;
  return `${tested} fixtures${took}${bad === 0 ? '' : `, ${bad} of them not as expected`}`;
}

/**
 * TEST_FAILED when the code must not become LIVE. A rollback's code may differ from fixtures that are newer than it:
 * those differences become notes.
 */
export function judgeTests({ failures, differences, unproven }: TestReport, isRollback: boolean, note: Steps['note']): void {
  const stopping = isRollback ? failures : [...failures, ...differences];
  if (stopping.length > 0)
    throw new EdgeError('TEST_FAILED', stopping.join('\n'), {
      hint: 'the fixtures are in functions/events of the package, or in test/fixtures/events of the project',
    });
  for (const line of [...differences, ...unproven]) note(line);
}
