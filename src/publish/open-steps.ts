import { formatDuration } from '../text/duration.ts';

/** One step that has ended, as `--json` shows it. */
export interface PublishStep {
  step: string;
  /** What came of it, for people. */
  result: string;
  durationMs: number;
}

export interface StepTools {
  /** One line per step, as it ends. */
  log: (line: string) => void;
  /** What is being done now; the next line replaces it. */
  progress: (line: string) => void;
  now: () => number;
}

/** Runs the steps of an operation one after the other, each told with its time. */
export interface Steps {
  run<T>(step: string, act: () => Promise<T>, tell: (result: T) => string): Promise<T>;
  done: PublishStep[];
}

export function openSteps({ log, progress, now }: StepTools): Steps {
  const done: PublishStep[] = [];
  return {
    done,
    run: async (step, act, tell) => {
      progress(`${step} …`);
      const startedAt = now();
      const value = await act();
      const durationMs = now() - startedAt;
      const result = tell(value);
      done.push({ step, result, durationMs });
      log(`${step.padEnd(8)} ${formatStepTime(durationMs).padStart(7)}  ${result}`);
      return value;
    },
  };
}

function formatStepTime(durationMs: number): string {
  return durationMs < 1_000 ? `${Math.round(durationMs)} ms` : formatDuration(durationMs);
}
