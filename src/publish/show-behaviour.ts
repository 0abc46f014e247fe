import { openNjsRuntime } from '../edge/njs/njs.ts';
import { EdgeError } from '../errors.ts';
import { type Comparison, compareSurveys } from '../explain/compare-surveys.ts';
import { formatComparison } from '../explain/format-comparison.ts';
import type { AnyRuntime } from '../explain/run-all.ts';
import { listSituations, surveyFunction } from '../explain/survey-function.ts';
import { checkRouting } from './check-routing.ts';
import type { Steps } from './open-steps.ts';
import { type PublishTools, resolveTools } from './publish-tools.ts';
import type { Candidate } from './release-code.ts';
import type { Stage } from './stage.ts';

/**
 * Runs the candidate's very bytes for every country: TEST_FAILED when it does not do what edge.config.ts says, which TestFunction could not
 * see; then tells for whom it differs from LIVE.
 */
export async function showBehaviour(candidate: Candidate, live: Stage | undefined, tools: PublishTools, steps: Steps): Promise<void> {
  const { config, colour = false, columns = 80 } = tools;
  const { log, now } = resolveTools(tools);
  const opening = findRuntime(tools);
  if (opening === undefined) {
    log('routes   not proven: no njs here to run the function in');
    return;
  }
  const runtime = await opening();
  try {
    const situations = listSituations(Object.keys(config.origins));
    const survey = (code: Uint8Array, sha256: string) =>
      surveyFunction({ runtime, source: { code: Buffer.from(code).toString('utf8'), sha256 }, now: now() }, situations);
    const { problems, failed, comparison } = await steps.run(
      'routes',
      async () => {
        const [after, before] = await Promise.all([survey(candidate.code, candidate.sha256), live && survey(live.code, live.sha256)]);
        const failed = after.filter(({ decision }) => decision.failed).length;
        return { problems: checkRouting(after, config), failed, comparison: before && compareSurveys(before, after) };
      },
      (result) => describeRoutes(result, candidate),
    );
    if (failed > 0 && candidate.of !== undefined)
      throw new EdgeError('TEST_FAILED', `the code fails for ${failed} of the viewers it was run for, who would get a 502 or 503`, {
        hint: 'nothing was written',
      });
    if (problems.length > 0 && candidate.of === undefined)
      throw new EdgeError('TEST_FAILED', problems.join('\n'), { hint: 'the function and edge.config.ts must agree; nothing was written' });
    if (comparison?.some(({ changes }) => changes.length > 0))
      for (const line of formatComparison(comparison, { columns, colour })) log(line);
  } finally {
    await runtime.close();
  }
}

function findRuntime({ openRuntime, njs }: PublishTools): (() => Promise<AnyRuntime>) | undefined {
  if (openRuntime !== undefined) return openRuntime;
  return njs === undefined ? undefined : async () => openNjsRuntime({ njs });
}

function describeRoutes(
  { problems, comparison }: { problems: readonly string[]; comparison: Comparison[] | undefined },
  { of }: Candidate,
): string {
  const agree =
    problems.length === 0
      ? 'as edge.config.ts says'
      : `not as edge.config.ts says${of === undefined ? '' : ', which is newer than this code'}`;
  if (comparison === undefined) return agree;
  const moved = new Set(comparison.flatMap(({ changes }) => changes.flatMap(({ countries }) => countries)));
  return `${agree}; ${moved.size === 0 ? 'nothing changes for anybody' : `${moved.size} of 250 kinds of viewers are treated differently`}`;
}
