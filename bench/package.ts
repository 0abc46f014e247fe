// npm run bench -- package [folder]: how long commands take as processes, from the built package (npm run build),
// against the budgets of the package.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { packageFile } from '../src/package-files.ts';
import { percentile } from '../src/text/percentile.ts';

const program = packageFile('dist/bin.mjs');
const runs = 15;
// Nothing answers there: the command reads the configuration, asks, and reports, as in an outage.
const env = { ...process.env, EDGE_LOCAL_PORT: '6299', EDGE_PROJECT: packageFile('test/fixtures/sample') };
const rows = [
  { args: ['--help'], budgetMs: 1_000 },
  { args: ['failover', '--help'], budgetMs: 1_000 },
  { args: ['failover', 'status', '--local'], budgetMs: 800 },
];

if (!existsSync(program)) {
  console.error('error: dist/ is not built\nhint: npm run build');
  process.exitCode = 2;
} else {
  console.log(`${runs} runs each, the first one left out`);
  for (const { args, budgetMs } of rows) {
    const times = Array.from({ length: runs + 1 }, () => {
      const from = performance.now();
      spawnSync(process.execPath, [program, ...args], { env, cwd: tmpdir() });
      return performance.now() - from;
    })
      .slice(1)
      .sort((a, b) => a - b);
    const median = percentile(times, 0.5) ?? Number.NaN;
    if (median > budgetMs) process.exitCode = 1;
    console.log(
      `${args.join(' ').padEnd(26)} median ${Math.round(median)} ms, fastest ${Math.round(times[0] ?? 0)} ms; budget ${budgetMs} ms`,
    );
  }
}
