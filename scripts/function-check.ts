import { glob } from 'tinyglobby';
import { defineCommand } from '../src/cli/command.ts';
import { readTextFile, writeMadeFile } from '../src/cli/files.ts';
import { flag, text } from '../src/cli/option.ts';
import { type FunctionCheck, formatCheck, inspectFunction } from '../src/edge/check/check-function.ts';
import { formatSarif } from '../src/edge/check/format-sarif.ts';
import { judgeRun } from '../src/edge/judge/judge.ts';
import { findNjs } from '../src/edge/njs/njs.ts';
import { findExecutable } from '../src/edge/njs/run-process.ts';
import { parseStoreData, parseTestEvent } from '../src/edge/parse-test-input.ts';
import { EdgeError } from '../src/errors.ts';

/** A browser's first request, and its response: the event of a function that was given none. */
function plainEvent(isResponse: boolean): string {
  const request = {
    uri: '/',
    headers: {
      host: { value: 'www.example.com' },
      'user-agent': { value: 'Mozilla/5.0' },
      accept: { value: 'text/html' },
      'accept-language': { value: 'en' },
      'cloudfront-viewer-country': { value: 'IN' },
    },
  };
  const ids = { distributionDomainName: 'd111111abcdef8.cloudfront.net', distributionId: 'EDFDVBD6EXAMPLE', requestId: 'EXAMPLE' };
  const context = { ...ids, eventType: isResponse ? 'viewer-response' : 'viewer-request' };
  const response = { statusCode: 200, statusDescription: 'OK', headers: { 'content-type': { value: 'text/html' } } };
  return JSON.stringify({ context, viewer: { ip: '203.0.113.7' }, request, ...(isResponse && { response }) });
}

export default defineCommand({
  usage: 'function:check -- <file…> [options]',
  summary:
    'Checks any CloudFront Function without AWS: syntax, built-ins and size; also one run and its cost where njs and valgrind are installed. Each finding has its line and its fix.',
  examples: [
    'function:check -- rewrite.js',
    "function:check -- 'functions/**/*.js' --no-count",
    'function:check -- auth.js --event event.json --kvs keys.json',
    'function:check -- rewrite.js --sarif findings.sarif',
  ],
  options: {
    event: text('the event of the run, in the form of TestFunction; a plain GET / by default', { placeholder: 'file' }),
    kvs: text('the keys of its KeyValueStore as JSON', { placeholder: 'file' }),
    sarif: text('write the findings for code scanning, SARIF 2.1.0', { placeholder: 'file' }),
    strict: flag('fail for warnings too'),
    'no-count': flag('do not count instructions; counting takes some seconds'),
  },
  positionals: [{ name: 'file', repeats: true }],
  main: async ({ values, positionals }, io) => {
    const files = await findFiles(positionals);
    const { PATH } = io.env;
    const tools = { njs: findNjs(PATH), valgrind: findExecutable('valgrind', PATH), judge: judgeRun, now: io.now(), signal: io.signal };
    const given = values.event === undefined ? undefined : await readTextFile(values.event);
    const keys = values.kvs === undefined ? undefined : parseStoreData(await readTextFile(values.kvs), values.kvs);

    const checks: FunctionCheck[] = [];
    for (const file of files) {
      const code = await readTextFile(file);
      const event = parseTestEvent(given ?? plainEvent(/\bevent\.response\b/.test(code)), values.event ?? 'the event');
      const input = { file, code, event, isOwnEvent: values.event !== undefined, keys, count: !values['no-count'] };
      checks.push(await inspectFunction(input, tools));
      io.signal.throwIfAborted();
    }
    const left = tools.njs === undefined ? ['njs is not on PATH: no function was loaded or run in CloudFront’s kind of engine'] : [];
    if (values.sarif !== undefined) {
      const log = formatSarif(checks, { folder: process.cwd(), left });
      await writeMadeFile(values.sarif, `${JSON.stringify(log, null, 2)}\n`);
    }
    const lines = checks.flatMap((check) => formatCheck(check, tools));
    io.result({ functions: checks, left }, lines);
    const failing = values.strict ? ['error', 'warning'] : ['error'];
    return checks.some(({ problems }) => problems.some(({ level }) => failing.includes(level))) ? 1 : 0;
  },
});

/** The files of these names and patterns; a shell may have expanded the patterns already. */
async function findFiles(patterns: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const pattern of patterns) {
    const found = /[*?[{]/.test(pattern) ? (await glob(pattern, { ignore: ['**/node_modules/**'] })).sort() : [pattern];
    if (found.length === 0)
      throw new EdgeError('USAGE', `no file matches ${pattern}`, { hint: 'a path, or a pattern in quotes such as "functions/**/*.js"' });
    files.push(...found);
  }
  return [...new Set(files)];
}
