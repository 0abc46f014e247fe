import { judgeRun } from '../../local/runtime/judge-run.ts';
import type { Io } from '../../src/cli/io.ts';
import { findNjs, openNjsRuntime } from '../../src/edge/njs.ts';
import type { AnyRuntime } from '../../src/operations/explain/run-all.ts';

/** njs, which starts in milliseconds; workerd where it is not installed. Both hold a run to CloudFront's rules. */
export async function openRuntime(io: Io): Promise<AnyRuntime> {
  const njs = findNjs(io.env['PATH']);
  if (njs !== undefined) return openNjsRuntime({ njs, judge: judgeRun, now: io.now });
  const { openFunctionRuntime } = await import('../../local/runtime/function-runtime.ts');
  return openFunctionRuntime({ log: io.progress, now: io.now });
}
