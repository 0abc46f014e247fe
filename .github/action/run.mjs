// The one step of action.yml: install a pinned version, run the command, write summary and comment. It uses Node alone, because nothing is installed yet.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { env, exit, stdout } from 'node:process';
import { comment } from './comment.mjs';

const name = 'cloudfront-edge-failover';
const input = (key) => (env[`INPUT_${key}`] ?? '').trim();

/** Ends the step with 2, as a misused command does. */
function refuse(message, hint) {
  // A line of a workflow command ends at the first newline, and % begins an escape.
  const quote = (text) => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  stdout.write(`::error title=edge-failover::${quote(message)}${hint === undefined ? '' : `%0Ahint: ${quote(hint)}`}\n`);
  exit(2);
}

const command = input('COMMAND');
const args = input('ARGS')
  .split('\n')
  .map((line) => line.trim())
  .filter((line) => line !== '');
const folder = resolve(env['GITHUB_WORKSPACE'] ?? '.', input('WORKING_DIRECTORY') || '.');
const title = input('TITLE') || `edge-failover ${[command, ...args].join(' ')}`;

if (!/^[a-z][a-z-]*(:[a-z-]+)?$/.test(command))
  refuse(`the input command must be the name of a command, got "${command.slice(0, 60)}"`, 'arguments go into args, one a line');
if (!existsSync(folder))
  refuse(
    `the folder ${input('WORKING_DIRECTORY')} does not exist`,
    'working-directory is below the repository; run actions/checkout first',
  );
if (!['true', 'false', ''].includes(input('COMMENT')))
  refuse(`the input comment must be true or false, got "${input('COMMENT').slice(0, 60)}"`);
if (/[\r\n]/.test(title) || title.length > 200) refuse('the input title must be one line of at most 200 characters');

// Neither the token nor the other inputs are for the command, which loads the configuration of the author of the pull request. Nor are the files by which a step
// changes later ones, and the right to ask for an OIDC token.
const notForCommands = /^(INPUT_.*|ACTIONS_.*|GITHUB_(ENV|PATH|OUTPUT|STATE|STEP_SUMMARY))$/;
const ownEnv = Object.fromEntries(Object.entries(env).filter(([key]) => !notForCommands.test(key)));

/** Runs a program to its end without a shell. Its output goes to the log, where no line of it can be a command to the runner. */
function run(program, given, { cwd = folder, isShown = true } = {}) {
  return new Promise((done) => {
    const child = spawn(program, given, { cwd, env: ownEnv, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = [];
    const token = randomUUID();
    if (isShown) stdout.write(`::stop-commands::${token}\n`);
    const keep = (chunk) => {
      chunks.push(chunk);
      if (isShown) stdout.write(chunk);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const end = (code, text) => {
      if (isShown) stdout.write(`\n::${token}::\n`);
      done({ code, text });
    };
    child.on('error', (error) => end(1, `${program} cannot be started: ${error.message}`));
    child.on('close', (code, signal) =>
      end(code ?? 1, Buffer.concat(chunks).toString('utf8') + (signal === null ? '' : `ended by ${signal}\n`)),
    );
  });
}

/** The program and first arguments that start the command. */
async function findCommand() {
  const manifest = join(folder, 'package.json');
  // The repository of this package has no copy of itself in node_modules.
  if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === name) return ['npm', ['run', '--silent', command, '--']];
  const version = input('VERSION') || JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')).version;
  if (version === 'project') {
    const own = join(folder, 'node_modules', name, 'package.json');
    if (!existsSync(own)) refuse(`${name} is not in node_modules of ${input('WORKING_DIRECTORY') || '.'}`, 'run npm ci before this step');
    return [process.execPath, [binOf(own), command]];
  }
  const isFile = version.endsWith('.tgz');
  if (!isFile && !/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(version))
    refuse(`the input version must be exact, such as 1.2.3, got "${version.slice(0, 60)}"`, '"project" takes the one in node_modules');
  const place = join(env['RUNNER_TEMP'] ?? folder, 'edge-failover');
  mkdirSync(place, { recursive: true });
  const wanted = isFile ? resolve(folder, version) : `${name}@${version}`;
  // No install script of any package runs beside the job's credentials.
  const options = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--omit=dev', '--prefix', place];
  const installed = await run('npm', ['install', ...options, wanted], { cwd: place, isShown: false });
  if (installed.code !== 0)
    refuse(`${wanted} cannot be installed: ${installed.text.trim().slice(-500)}`, 'the input version names a published version');
  return [process.execPath, [binOf(join(place, 'node_modules', name, 'package.json')), command]];
}

function binOf(path) {
  const { bin } = JSON.parse(readFileSync(path, 'utf8'));
  return resolve(path, '..', typeof bin === 'string' ? bin : bin['edge-failover']);
}

const [program, first] = await findCommand();
const { code, text } = await run(program, [...first, ...args]);
const body = describe(text, code);
const write = (variable, line) => env[variable] && appendFileSync(env[variable], `${line}\n`);
write('GITHUB_STEP_SUMMARY', body);
write('GITHUB_OUTPUT', `exit-code=${code}`);
write(
  'GITHUB_OUTPUT',
  `comment=${input('COMMENT') === 'true' ? await comment({ env, token: input('TOKEN'), title, body, note }) : 'none'}`,
);
exit(code);

function note(message) {
  stdout.write(`::notice title=edge-failover::${message.replaceAll('%', '%25').replaceAll(/\s+/g, ' ').slice(0, 500)}\n`);
}

/** Heading and output. The output is in a fence longer than any in it, so that nothing in it is read as Markdown. */
function describe(output, exitCode) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with one.
  const plain = output.replaceAll(/\x1b\[[0-9;]*[A-Za-z]/g, '').trim();
  // GitHub refuses a comment of more than 65,536 characters.
  const limit = 60_000;
  const shown = plain.length <= limit ? plain : `${plain.slice(0, limit)}\n… ${plain.length - limit} more characters are in the job's log`;
  const fence = '`'.repeat(Math.max(3, ...[...shown.matchAll(/`+/g)].map(([ticks]) => ticks.length + 1)));
  const heading = title.replaceAll(/[<>@&`[\]]/g, (character) => `&#${character.charCodeAt(0)};`);
  return [`### ${heading}`, `${fence}text`, shown, fence, ...(exitCode === 0 ? [] : [`The command ended with ${exitCode}.`])].join('\n');
}
