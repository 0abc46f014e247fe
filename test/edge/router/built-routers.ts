import { openFunctionRuntime } from '../../../local/runtime/function-runtime.ts';
import { type BuiltFunction, buildFunction } from '../../../src/edge/build.ts';
import type { JudgeRun, RawRun, RunInput } from '../../../src/edge/execution.ts';
import { acceptRun, openNjsRuntime } from '../../../src/edge/njs/njs.ts';
import { njs } from '../njs/sample.ts';
import { type ConfigName, configs } from './configs.ts';

/** Everything that a run is given but the function. */
export type RouterInput = Omit<RunInput, 'source'>;

/** Runs the router of one configuration; results in the order of the inputs, nothing about them judged. */
export interface RouterRuntime {
  name: string;
  runAll(config: ConfigName, inputs: readonly RouterInput[]): Promise<RawRun[]>;
  close(): Promise<void>;
}

/** The built bytes in workerd, and the built bytes in njs. */
export async function openBuiltRouters(): Promise<RouterRuntime[]> {
  const build = openBuilds();
  const runtimes = [await openWorkerd(build)];
  // Without njs a laptop proves a little less; where the project is judged, njs must be there.
  if (njs !== undefined || process.env['CI'] === 'true') runtimes.push(openNjs(build));
  return runtimes;
}

type Builds = (name: ConfigName) => Promise<BuiltFunction>;

function openBuilds(): Builds {
  const built = new Map<ConfigName, Promise<BuiltFunction>>();
  return (name) => {
    const known = built.get(name) ?? buildFunction(configs[name]);
    built.set(name, known);
    return known;
  };
}

async function openWorkerd(build: Builds): Promise<RouterRuntime> {
  const { judge, take } = openWitness();
  const runtime = await openFunctionRuntime({ judge });
  return {
    name: 'workerd',
    async runAll(config, inputs) {
      const source = await build(config);
      return Promise.all(inputs.map((input) => ({ ...input, source })).map(async (input) => take(input, await runtime.run(input))));
    },
    close: () => runtime.close(),
  };
}

function openNjs(build: Builds): RouterRuntime {
  const { judge, take } = openWitness();
  const runtime = openNjsRuntime({ njs, judge });
  return {
    name: 'njs',
    async runAll(config, inputs) {
      const source = await build(config);
      const given = inputs.map((input) => ({ ...input, source }));
      const executions = await runtime.runMany(given);
      return given.map((input, index) => take(input, executions[index]));
    },
    close: () => runtime.close(),
  };
}

/** A judge that refuses nothing and keeps what it saw, except the memory, which only njs can measure. */
function openWitness() {
  const seen = new WeakMap<RunInput, RawRun>();
  const judge: JudgeRun = (input, raw) => {
    const { memoryBytes: _, ...rest } = raw;
    seen.set(input, rest);
    return acceptRun(input, raw);
  };
  const take = (input: RunInput, { error }: { error: unknown } = { error: 'no result' }): RawRun => {
    const raw = seen.get(input);
    if (raw === undefined) throw new Error(`the function did not run: ${JSON.stringify(error)}`);
    return raw;
  };
  return { judge, take };
}
