import type { EdgeConfig } from '../config/edge-config.ts';
import { listCountries } from '../config/services.ts';
import type { AnyRuntime, Asked } from '../edge/ask/ask.ts';
import { type Comparison, compareSurveys, listAllSituations, listViewers, proveRouting, surveyFunction } from '../edge/ask/survey.ts';
import { judgeRun } from '../edge/judge/judge.ts';
import { openNjsRuntime } from '../edge/njs/njs.ts';
import { EdgeError } from '../errors.ts';
import type { Candidate, ResolvedTools, Steps } from './publish-tools.ts';
import type { Stage } from './stage.ts';

/** What the candidate does for every country, compared with edge.config.ts and with LIVE. */
interface Behaviour {
  /** Where the code does not route as edge.config.ts says. */
  problems: string[];
  /** Runs that end in an error. */
  failed: number;
  /** Runs that the team's own code answers, and all. */
  answered: number;
  runs: number;
  /** Undefined when nothing was LIVE. */
  comparison: Comparison[] | undefined;
}

/**
 * Runs the exact bytes of the candidate and of LIVE for every country, judged as CloudFront would. TestFunction cannot
 * show the chosen origin, so this is the only check of it: TEST_FAILED unless it is what edge.config.ts says.
 */
export async function checkBehaviour(candidate: Candidate, live: Stage | undefined, tools: ResolvedTools, steps: Steps): Promise<void> {
  const open = findRuntime(tools);
  if (open === undefined) {
    steps.note('routing was not checked: njs is not installed');
    return;
  }
  const survey = () => surveyBoth(candidate, live, open, tools);
  const {
    problems,
    failed,
    comparison = [],
  } = await steps.run('routes', survey, (found) => describeBehaviour(found, candidate, tools.config));
  const isRollback = candidate.of !== undefined;
  if (isRollback && failed > 0)
    throw new EdgeError('TEST_FAILED', `the code fails in ${failed} of its runs; those viewers would get a 502 or 503`, {
      hint: 'nothing was written',
    });
  if (!isRollback && problems.length > 0)
    throw new EdgeError('TEST_FAILED', problems.join('\n'), { hint: 'the function and edge.config.ts must agree; nothing was written' });
  if (comparison.some(({ changes }) => changes.length > 0)) steps.showChanges(comparison);
}

function findRuntime({ openRuntime, njs }: ResolvedTools): (() => Promise<AnyRuntime>) | undefined {
  if (openRuntime !== undefined) return openRuntime;
  return njs === undefined ? undefined : async () => openNjsRuntime({ njs, judge: judgeRun });
}

async function surveyBoth(
  candidate: Candidate,
  live: Stage | undefined,
  open: () => Promise<AnyRuntime>,
  { config, now }: ResolvedTools,
): Promise<Behaviour> {
  const runtime = await open();
  try {
    const asked = ({ code, sha256 }: Pick<Stage, 'code' | 'sha256'>): Asked => {
      const source = { code: Buffer.from(code).toString('utf8'), sha256 };
      return { runtime, source, now: now(), origins: config.origins, keys: config.keys, keyPrefix: config.keyPrefix };
    };
    const surveyLive = live && surveyFunction(asked(live), listAllSituations(config), listViewers(config));
    const [{ answers: after, problems, answered }, before] = await Promise.all([proveRouting(asked(candidate), config), surveyLive]);
    return {
      problems,
      answered,
      runs: after.length,
      failed: after.filter(({ decision }) => decision.failed).length,
      comparison: before && compareSurveys(before, after),
    };
  } finally {
    await runtime.close();
  }
}

/** `as edge.config.ts says; routing changes for 12 of 250 countries`. */
function describeBehaviour({ problems, comparison, answered, runs }: Behaviour, { of }: Candidate, config: EdgeConfig): string {
  const newer = of === undefined ? '' : ', which is newer than this code';
  const early = answered === 0 ? '' : `; ${answered} of ${runs} requests are answered before routing`;
  const agreement = `${problems.length === 0 ? 'as edge.config.ts says' : `not as edge.config.ts says${newer}`}${early}`;
  if (comparison === undefined) return agreement;
  const moved = new Set(comparison.flatMap(({ changes }) => changes.flatMap(({ countries }) => countries)));
  return `${agreement}; ${moved.size === 0 ? 'nothing changes' : `routing changes for ${moved.size} of ${listCountries(config).length} countries`}`;
}
