import { vi } from 'vitest';
import type { EdgeConfig } from '../../../src/config/edge-config.ts';
import type { RawRun } from '../../../src/edge/execution.ts';
import type { RouterInput, RouterRuntime } from './built-routers.ts';
import { configs } from './configs.ts';
import { beginRun } from './virtual-cloudfront.ts';
import { serveRoutes } from './virtual-routes.ts';

/**
 * The source of the router as a person wrote it. It has its own two modules in place of those that only the edge has:
 * vitest.config.ts.
 */
export async function openSourceRouter(): Promise<RouterRuntime> {
  return { name: 'source', runAll: (config, inputs) => runRouterSource(configs[config], inputs), close: async () => {} };
}

/** The same for any configuration: what each of these inputs makes the source do, in their order. */
export async function runRouterSource(config: EdgeConfig, inputs: readonly RouterInput[]): Promise<RawRun[]> {
  // By a variable: type-checked with the project's own settings the function would not pass, its runtime knows other
  // types.
  const file = new URL('../../../functions/origin-router.ts', import.meta.url).href;
  const { handler } = (await import(/* @vite-ignore */ file)) as { handler: (event: unknown) => Promise<unknown> };
  await serveRoutes(config);
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
    if (trace.customData !== undefined) run.customData = trace.customData;
    runs.push(run);
  }
  vi.useRealTimers();
  return runs;
}
