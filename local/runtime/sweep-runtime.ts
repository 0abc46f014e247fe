import type { Execution, SweepRuntime } from '../../src/edge/execution.ts';
import { readImports } from '../../src/edge/gate/parse-code.ts';
import { failedExecution, judgeRun } from '../../src/edge/judge/judge.ts';
import { openBatchWriter } from './batch-writer.ts';
import { bundleWorker, openWorkerd, Unanswered } from './open-workerd.ts';
import type { SweepAnswer } from './wire.ts';

export interface SweepRuntimeOptions {
  /** Milliseconds until a sweep fails, plus one for each of its runs. Default 2,000. */
  timeLimitMs?: number;
  log?: (line: string) => void;
}

/**
 * A workerd for sweeps. Each event is sent once for all functions, and equal results come back once. A run costs a
 * fifth of one by `openFunctionRuntime`, which sends an event and returns a request per run.
 */
export async function openSweepRuntime({ timeLimitMs = 2_000, log = () => {} }: SweepRuntimeOptions = {}): Promise<SweepRuntime> {
  const workerd = await openWorkerd(await bundleWorker(), log);
  const writer = openBatchWriter();
  // One message at a time: the next sweep waits for the previous answer.
  let last: Promise<unknown> = Promise.resolve();
  let isUsable = true;

  async function ask(text: string, runs: number): Promise<SweepAnswer | undefined> {
    if (!isUsable) return undefined;
    try {
      const answer: { sweep: SweepAnswer | null } = JSON.parse(await workerd.exchange(text, timeLimitMs + runs));
      return answer.sweep ?? undefined;
    } catch (error) {
      if (!(error instanceof Unanswered || error instanceof SyntaxError)) throw error;
      isUsable = false;
      return undefined;
    }
  }

  return {
    sweep: async (sweep) => {
      if (!isUsable) return undefined;
      const problems = sweep.sources.map(({ code }) => readImports(code).problem);
      const sources = sweep.sources.filter((_, index) => problems[index] === undefined);
      // Written while the engine still runs the previous sweep.
      const text = writer.writeSweep({ ...sweep, sources });
      const asked = last.then(() => ask(text, sources.length * sweep.events.length));
      last = asked.catch(() => undefined);
      const answer = await asked;
      if (answer === undefined) return undefined;
      const executions = answer.kinds.map(({ event, run }): Execution => {
        const input = { source: sources[0], event: sweep.events[event], store: sweep.store };
        return judgeRun(input as Parameters<typeof judgeRun>[0], run);
      });
      const picks = answer.picks.values();
      return problems.map((problem) => {
        if (problem !== undefined) return sweep.events.map(() => failedExecution(`SyntaxError: ${problem}`));
        return ((picks.next().value as number[] | undefined) ?? []).map((place) => executions[place] as Execution);
      });
    },
    close: () => workerd.close(),
  };
}
