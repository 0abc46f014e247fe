// npm run bench [-- harness | router | runtime | edge | flipper | fuzz | replay | console | model | mutation | predict
// | timeline] [arguments]: each figure beside its budget; docs/benchmarks.md says how to read them.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const benches = {
  harness: './harness.ts',
  router: './router-cost.ts',
  runtime: './runtime-throughput.ts',
  edge: './edge-figures.ts',
  flipper: './flipper.ts',
  fuzz: './fuzz-router.ts',
  replay: './replay.ts',
  console: './console.ts',
  model: './model.ts',
  package: './package.ts',
  mutation: './mutation.ts',
  predict: './predict.ts',
  timeline: './timeline.ts',
} as const;

const [name = 'router', ...args] = process.argv.slice(2);
const file = Object.hasOwn(benches, name) ? benches[name as keyof typeof benches] : undefined;
if (file === undefined) {
  console.error(`error: no bench is called "${name}"\nhint: benches: ${Object.keys(benches).join(', ')}`);
  process.exitCode = 2;
} else {
  const child = spawn(process.execPath, [...process.execArgv, fileURLToPath(new URL(file, import.meta.url)), ...args], {
    stdio: 'inherit',
  });
  // Ctrl-C goes to the whole group: the bench stops what it started, and this waits for it.
  process.on('SIGINT', () => undefined);
  child.on('exit', (code) => {
    process.exitCode = code ?? 130;
  });
}
