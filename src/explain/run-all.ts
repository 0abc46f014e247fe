import type { Execution, FunctionRuntime, RunInput } from '../edge/execution.ts';
import type { NjsRuntime } from '../edge/njs/njs.ts';

/** Any runtime; njs takes many runs in one process, workerd shares its messages by itself. */
export type AnyRuntime = FunctionRuntime & Partial<Pick<NjsRuntime, 'runMany'>>;

/** Runs all of them, results in the order of the inputs. */
export async function runAll(runtime: AnyRuntime, inputs: readonly RunInput[]): Promise<Execution[]> {
  return runtime.runMany?.(inputs) ?? Promise.all(inputs.map((input) => runtime.run(input)));
}
