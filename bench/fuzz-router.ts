// Random configurations, events and records through the built router in workerd and in njs, against the model: npm run
// bench -- fuzz [--count 100000] [--seed n] Ends with 1 at the first disagreement, shrunk to the smallest case that
// still shows it; --seed repeats a run.
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { caseOf, type RandomCase, randomCase } from '../test/edge/router/arbitraries.ts';
import { openBuiltRouters } from '../test/edge/router/built-routers.ts';
import { configs } from '../test/edge/router/configs.ts';
import { registerRandomConfigs } from '../test/edge/router/random-configs.ts';
import { modelText, runTexts } from '../test/edge/router/run-texts.ts';

/** Building one takes as long as hundreds of cases. */
const configsPerBatch = 10;

interface Verdict {
  each: RandomCase | undefined;
  texts: [name: string, text: string | undefined][];
}

const { values } = parseArgs({ options: { count: { type: 'string', default: '100000' }, seed: { type: 'string' } } });
const count = Number(values.count);
const firstSeed = Number(values.seed ?? randomInt(2 ** 31));
if (!Number.isInteger(count) || count < 1 || !Number.isInteger(firstSeed)) {
  console.error('usage: fuzz [--count cases] [--seed whole number]');
  process.exit(2);
}

const runtimes = await openBuiltRouters();

/** The first case that not all runtimes do as the model does; undefined when they agree. */
async function findDisagreement(cases: readonly RandomCase[]): Promise<Verdict | undefined> {
  const model = cases.map(modelText);
  const others = await Promise.all(runtimes.map(async (runtime) => ({ name: runtime.name, texts: await runTexts(runtime, cases) })));
  const place = model.findIndex((text, index) => others.some(({ texts }) => texts[index] !== text));
  if (place < 0) return undefined;
  const texts = others.map(({ name, texts: each }): [string, string | undefined] => [name, each[place]]);
  return { each: cases[place], texts: [['model', model[place]], ...texts] };
}

/** What a case has to do in a few words, so that the count says what it is a count of. */
function kindOf(text: string): string {
  const helper = /createRequestOriginGroup|selectRequestOriginById/.exec(text)?.[0] ?? 'no helper';
  return `${helper}, record ${/;health=(ok|weighted)"/.exec(text)?.[1] ?? 'not asked'}`;
}

function report({ each, texts }: Verdict): void {
  const store = JSON.stringify(each?.input.store, (_, value) => (value instanceof Map ? [...value] : value));
  const lines = {
    config: JSON.stringify(each && configs[each.config]),
    event: JSON.stringify(each?.input.event),
    store,
    now: each?.input.now,
  };
  for (const [name, text] of [...Object.entries(lines), ...texts]) console.log(`${name.padEnd(8)}${text}`);
}

const kinds = new Map<string, number>();
const started = performance.now();
let done = 0;

/** One batch; false when it did not agree. */
async function runBatch(seed: number): Promise<boolean> {
  let tried: RandomCase[] = [];
  // As many of new configurations as of those that the tests know.
  const each = fc.oneof(randomCase, caseOf(registerRandomConfigs(configsPerBatch, seed)));
  const batch = fc.array(each, { minLength: 1, maxLength: 2_000, size: 'max' });
  const property = fc.asyncProperty(batch, async (cases) => {
    tried = cases;
    return (await findDisagreement(cases)) === undefined;
  });
  const result = await fc.check(property, { numRuns: 1, seed });
  if (result.failed) {
    console.log(`disagreement within ${done + tried.length} cases: --seed ${seed} --count 1; shrunk ${result.numShrinks} times to`);
    const verdict = await findDisagreement(result.counterexample?.[0] ?? []);
    if (verdict !== undefined) report(verdict);
    return false;
  }
  for (const kind of tried.map((each) => kindOf(modelText(each)))) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  done += tried.length;
  if (process.stderr.isTTY) process.stderr.write(`\r${done} cases`);
  return true;
}

try {
  if (!runtimes.some(({ name }) => name === 'njs')) {
    console.error('error: njs is not on PATH\nhint: apt-get install njs');
    process.exitCode = 1;
  } else {
    let seed = firstSeed;
    while (done < count && process.exitCode !== 1) {
      if (!(await runBatch(seed))) process.exitCode = 1;
      seed += 1;
    }
    if (process.exitCode !== 1) {
      const seconds = (performance.now() - started) / 1_000;
      console.log(
        `${done} cases in ${seconds.toFixed(0)} s, seed ${firstSeed}: model, ${runtimes.map(({ name }) => name).join(' and ')} agree byte for byte`,
      );
      for (const [kind, times] of [...kinds].sort(([, a], [, b]) => b - a)) console.log(`${String(times).padStart(8)}  ${kind}`);
    }
  }
} finally {
  await Promise.all(runtimes.map((runtime) => runtime.close()));
}
