import type { Drill } from '../drill.ts';
import type { DrillSummary } from '../summarize-drill.ts';

/** A drill in words, for people who read no further. */
export interface DrillVerdictInWords {
  isKept: boolean;
  headline: string;
  sentences: string[];
}

const faults: Readonly<Record<string, string>> = {
  refuse: 'refused every connection',
  hang: 'took requests and never answered',
  slow: 'answered too late',
  '5xx': 'answered with a server error',
  'bad-body': 'failed its health check and broke answers off',
  flaky: 'answered every second request with a server error',
  half: 'answered half of its requests, at random, with a server error',
};

/** Says how it went: the promises, what was lost, how long it took. Pure. */
export function describeDrill(summary: Omit<DrillSummary, 'seconds'>, { broken, fault, timeline, outcomes }: Drill): DrillVerdictInWords {
  const brokenPromises = summary.promises.filter(({ result }) => result === 'broken').length;
  const outageMs = (timeline.healedAt ?? timeline.endedAt) - timeline.brokenAt;
  const sent = outcomes.filter(({ startedAt }) => startedAt >= timeline.brokenAt);
  const lost = (method: string) => {
    const all = sent.filter((outcome) => outcome.method === method);
    return `${all.filter(({ ok }) => !ok).length} of ${all.length} ${method}`;
  };
  const methods = [...new Set(sent.map(({ method }) => method))].sort();
  const lastFailed = sent.filter(({ ok }) => !ok).reduce((last, { startedAt }) => Math.max(last, startedAt), 0);
  return {
    isKept: brokenPromises === 0,
    headline:
      brokenPromises === 0
        ? 'Every promise was kept'
        : brokenPromises === 1
          ? 'A promise was broken'
          : `${brokenPromises} promises were broken`,
    sentences: [
      `${broken} ${faults[fault] ?? `broke (${fault})`} for ${seconds(outageMs)}.`,
      summary.detectedMs === null
        ? 'The flipper never noticed.'
        : `The flipper's verdict came after ${seconds(summary.detectedMs)}${
            timeline.propagatedAt === undefined
              ? ', but no flip reached the edge.'
              : `, and the flip was at the edge ${seconds(timeline.propagatedAt - timeline.brokenAt)} after the fault.`
          }`,
      sent.length === 0
        ? 'No viewer asked for anything from then on.'
        : lastFailed === 0
          ? `No viewer's request failed: ${methods.map(lost).join(', ')}.`
          : `Viewers lost ${methods.map(lost).join(' and ')} from the fault on; the last that failed was sent ${seconds(lastFailed - timeline.brokenAt)} after it.`,
      summary.homeMs === null ? 'Traffic did not come all the way home.' : `Everybody was home ${seconds(summary.homeMs)} after the mend.`,
    ],
  };
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
