import { vi } from 'vitest';
import { openFunctionRuntime } from '../../../local/runtime/function-runtime.ts';
import { type BuiltFunction, buildFunction } from '../../../src/edge/build.ts';
import type { RunInput } from '../../../src/edge/execution.ts';
import { acceptRun } from '../../../src/edge/njs/accept-run.ts';
import { openNjsRuntime } from '../../../src/edge/njs.ts';
import type { JudgeRun, RawRun } from '../../../src/edge/raw-run.ts';
import { njs } from '../njs/sample.ts';
import { type ConfigName, configs } from './configs.ts';
import { beginRun } from './virtual-cloudfront.ts';
import { serveRoutes } from './virtual-routes.ts';

/** Everything that a run is given but the function. */
export type RouterInput = Omit<RunInput, 'source'>;

/** Runs the router of one configuration; results in the order of the inputs, nothing about them judged. */
export interface RouterRuntime {
  name: string;
  runAll(config: ConfigName, inputs: readonly RouterInput[]): Promise<RawRun[]>;
  close(): Promise<void>;
}

/** The source as a person wrote it, the built bytes in workerd, and the built bytes in njs. */
export async function openRouterRuntimes(): Promise<RouterRuntime[]> {
  const build = openBuilds();
  const runtimes = [openSource(), await openWorkerd(build)];
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

function openSource(): RouterRuntime {
  return {
    name: 'source',
    async runAll(config, inputs) {
      // By a variable: type-checked with the project's own settings the function would not pass, its runtime knows other types.
      const file = new URL('../../../functions/origin-router.ts', import.meta.url).href;
      const { handler } = (await import(/* @vite-ignore */ file)) as { handler: (event: unknown) => Promise<unknown> };
      await serveRoutes(configs[config]);
      const runs: RawRun[] = [];
      for (const input of inputs) {
        vi.setSystemTime(input.now ?? 0);
        const trace = beginRun({ ...input, source: { code: '', sha256: '' } });
        const run: RawRun = { output: null, ...trace, logs: [], droppedLogArguments: 0 };
        try {
          run.output = await handler(structuredClone(input.event));
        } catch (error) {
          run.failure = String(error);
        }
        runs.push(run);
      }
      vi.useRealTimers();
      return runs;
    },
    close: async () => {},
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

/** A judge that refuses nothing and keeps what it saw. */
function openWitness() {
  const seen = new WeakMap<RunInput, RawRun>();
  const judge: JudgeRun = (input, raw) => {
    seen.set(input, raw);
    return acceptRun(input, raw);
  };
  const take = (input: RunInput, { error }: { error: unknown } = { error: 'no result' }): RawRun => {
    const raw = seen.get(input);
    if (raw === undefined) throw new Error(`the function did not run: ${JSON.stringify(error)}`);
    return raw;
  };
  return { judge, take };
}
