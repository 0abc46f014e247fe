import type { RawRun } from '../../../src/edge/execution.ts';
import type { RandomCase } from './arbitraries.ts';
import type { RouterRuntime } from './built-routers.ts';
import { configs } from './configs.ts';
import { routeByModel } from './model.ts';

/** What each case did in this runtime, as texts to be compared byte by byte, in the order of the cases. */
export async function runTexts(runtime: RouterRuntime, cases: readonly RandomCase[]): Promise<string[]> {
  const texts: string[] = [];
  for (const config of new Set(cases.map((each) => each.config))) {
    const chosen = [...cases.entries()].filter(([, each]) => each.config === config);
    const runs = await runtime.runAll(
      config,
      chosen.map(([, { input }]) => input),
    );
    for (const [index, [place]] of chosen.entries()) texts[place] = runText(runs[index]);
  }
  return texts;
}

/** What the case has to do. */
export function modelText({ config, input }: RandomCase): string {
  return runText(routeByModel(configs[config], { ...input, source: { code: '', sha256: '' } }));
}

/**
 * Output, helper calls with their arguments, reads, logs and failure. Names in the order of the alphabet: a key that
 * was deleted and set again is last in V8 and where it was in njs, and no request depends on it.
 */
function runText(run: RawRun | undefined): string {
  return JSON.stringify(run, (name, value: unknown) => {
    // njs's `$` also fits before a last line end, so it reads one entry more of such a damaged record: only the logged
    // bucket shows it.
    if (name === 'customData') return String(value).replace(/\n;\d[\d.]*/, '\n');
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
