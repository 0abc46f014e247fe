import { vi } from 'vitest';
import type { RawRun } from '../../../src/edge/execution.ts';
import type { RouterRuntime } from './built-routers.ts';
import { configs } from './configs.ts';
import { beginRun } from './virtual-cloudfront.ts';
import { serveRoutes } from './virtual-routes.ts';

/**
 * The source of the router as a person wrote it. It has its own two modules in place of those that only the edge has:
 * vitest.config.ts.
 */
export async function openSourceRouter(): Promise<RouterRuntime> {
  // By a variable: type-checked with the project's own settings the function would not pass, its runtime knows other
  // types.
  const file = new URL('../../../functions/origin-router.ts', import.meta.url).href;
  const { handler } = (await import(/* @vite-ignore */ file)) as { handler: (event: unknown) => Promise<unknown> };
  return {
    name: 'source',
    async runAll(config, inputs) {
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
        if (trace.customData !== undefined) run.customData = trace.customData;
        runs.push(run);
      }
      vi.useRealTimers();
      return runs;
    },
    close: async () => {},
  };
}
