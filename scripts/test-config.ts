import { defineCommand } from '../src/cli/command.ts';
import { distributionPath } from '../src/config/distribution-file.ts';
import { readProjectFile } from '../src/config/open-project.ts';
import { checkProject, type ProjectCheck } from '../src/doctor/project/check-project.ts';
import { findNjs } from '../src/edge/njs/njs.ts';
import { packageFile } from '../src/package-files.ts';
import { paint } from '../src/text/terminal-text.ts';
import { openRuntime } from './function/open-runtime.ts';

const styles = { ok: 'green', fail: 'red', skipped: 'yellow' } as const;

export default defineCommand({
  usage: 'test:config',
  summary:
    'Tests edge.config.ts, with all its environments, and distribution.json without an account, in seconds: both agree, the function passes the gate and routes every country as configured, and the templates have every value that they need. Exits 1 when a check fails.',
  examples: ['test:config', 'test:config -- --json'],
  options: {},
  main: async (_given, io) => {
    const checks = await checkProject({
      environment: io.env['EDGE_ENV'] || undefined,
      readConfig: () => readProjectFile(io.env),
      distribution: distributionPath(io.env),
      root: packageFile(''),
      njs: findNjs(io.env['PATH']),
      openRuntime: () => openRuntime(io),
      now: io.now(),
    });
    const outcome = checks.some((each) => each.outcome === 'fail') ? 'fail' : 'ok';
    io.result(
      { outcome, checks },
      checks.flatMap((each) => formatCheck(each, io.colour)),
    );
    return outcome === 'fail' ? 1 : 0;
  },
});

function formatCheck({ check, environment, outcome, found, fix }: ProjectCheck, colour: boolean): string[] {
  const word = paint(colour, styles[outcome], outcome.padEnd(9));
  const indent = ' '.repeat(23);
  const [first = '', ...rest] = found;
  return [
    `${word}${check.padEnd(14)}${environment === undefined ? '' : `${environment}: `}${first}`,
    ...rest.map((line) => indent + line),
    ...(fix === undefined ? [] : [`${indent}fix: ${fix}`]),
  ];
}
