import type { Io } from '../../src/cli/io.ts';
import type { AnyRuntime } from '../../src/edge/ask/ask.ts';
import type { SweepRuntime } from '../../src/edge/execution.ts';
import { judgeRun } from '../../src/edge/judge/judge.ts';
import { findNjs, openNjsRuntime } from '../../src/edge/njs/njs.ts';

/** njs, which starts in milliseconds; workerd where njs is not installed. Both judge a run by CloudFront's rules. */
export async function openRuntime(io: Pick<Io, 'env' | 'now' | 'progress'> & Partial<Pick<Io, 'signal'>>): Promise<AnyRuntime> {
  const njs = findNjs(io.env['PATH']);
  if (njs !== undefined) return openNjsRuntime({ njs, judge: judgeRun, now: io.now, signal: io.signal });
  const { openFunctionRuntime } = await import('../../local/runtime/function-runtime.ts');
  return openFunctionRuntime({ log: io.progress, now: io.now });
}

/** Before a sweep counts as endless: on a busy machine one takes several seconds. */
const sweepLimitMs = 10_000;

/** workerd for runs by the thousand; undefined, with a line about it, if it does not start. */
export async function openSweeper(io: Io): Promise<SweepRuntime | undefined> {
  const { openSweepRuntime } = await import('../../local/runtime/sweep-runtime.ts');
  return openSweepRuntime({ log: io.progress, timeLimitMs: sweepLimitMs }).catch((error: Error) => {
    io.stderr(`workerd did not start, so this takes longer: ${error.message}`);
    return undefined;
  });
}
