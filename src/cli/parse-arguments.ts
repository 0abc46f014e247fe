import { parseArgs } from 'node:util';
import type { Environment } from '../config/environments.ts';
import { EdgeError } from '../errors.ts';
import { nearestName } from '../text/nearest-name.ts';
import { typed } from '../text/typed.ts';
import { type Command, scriptName } from './command.ts';
import type { Option, Options, Values } from './option.ts';

export interface Arguments<O extends Options> {
  values: Values<O>;
  positionals: readonly string[];
}

type Syntax<O extends Options> = Pick<Command<O>, 'usage' | 'options' | 'positionals'>;

/**
 * The checked arguments of a command. USAGE at the first problem. `npmArguments` is what npm recorded before `--`,
 * undefined when it left no record.
 */
export function parseArguments<O extends Options>(
  command: Syntax<O>,
  argv: readonly string[],
  env: Environment,
  npmArguments?: readonly string[],
): Arguments<O> {
  const fail = misuse(command);
  const known = Object.keys(command.options);
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(command.options).map(([name, option]) => [name, { type: option.placeholder === undefined ? 'boolean' : 'string' }]),
    ),
  });
  const given = new Map<string, unknown>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const option = known.includes(token.name) ? command.options[token.name] : undefined;
    if (option === undefined) {
      const near = nearestName(token.name, known);
      throw fail(`unknown option ${token.rawName}`, near && `did you mean --${near}?`);
    }
    if (given.has(token.name)) throw fail(`--${token.name} is given twice`);
    given.set(token.name, parseValue(token, option, fail));
  }
  // First, since an argument behind an option that npm took looks unexpected, which would hide the cause.
  checkSwallowed(command, given, env, npmArguments);
  checkPositionals(command, positionals, fail);
  if (known.includes('local') && !given.has('local') && isLocalTarget(env)) given.set('local', true);
  const values = Object.fromEntries(known.map((name) => [name, given.has(name) ? given.get(name) : command.options[name]?.absent]));
  return { values: values as Values<O>, positionals };
}

/** EDGE_TARGET=local is `--local` for every command that has it. */
function isLocalTarget(env: Environment): boolean {
  const target = env['EDGE_TARGET'] || 'aws';
  if (target === 'aws' || target === 'local') return target === 'local';
  throw new EdgeError('USAGE', `EDGE_TARGET must be aws or local, found ${JSON.stringify(target)}`, { hint: 'unset it for aws' });
}

/** Makes the USAGE errors of one command; the hint names its help unless there is a better one. */
function misuse(command: { usage: string }) {
  return (message: string, hint?: string) => new EdgeError('USAGE', message, { hint: hint || typed(`${scriptName(command)} -- --help`) });
}

function parseValue(
  token: { name: string; value: string | undefined; inlineValue: boolean | undefined },
  option: Option<unknown>,
  fail: ReturnType<typeof misuse>,
): unknown {
  const name = `--${token.name}`;
  if (option.placeholder === undefined) {
    if (token.value !== undefined) throw fail(`${name} takes no value, found ${JSON.stringify(token.value)}`);
    return true;
  }
  if (token.value === undefined) throw fail(`${name} needs a value: ${name} ${option.placeholder}`);
  // `--reason --for 2h`: the value is missing, and the next option must not become it.
  if (token.inlineValue === false && /^-[^\d]/.test(token.value))
    throw fail(`${name} needs a value, found the option ${token.value}`, `${name}=${token.value} if that is its value`);
  const parsed = option.parse(token.value);
  if ('problem' in parsed) throw fail(`${name} ${parsed.problem}`);
  return parsed.value;
}

function checkPositionals(command: Syntax<Options>, found: readonly string[], fail: ReturnType<typeof misuse>): void {
  const wanted = command.positionals ?? [];
  for (const [index, positional] of wanted.entries()) {
    const value = found[index];
    const { choices, name } = positional;
    if (value === undefined) {
      if (positional.optional) return;
      throw fail(choices === undefined ? `<${name}> is missing` : `<${name}> is missing: one of ${choices.join(', ')}`);
    }
    if (choices !== undefined && !choices.includes(value)) {
      const near = nearestName(value, choices);
      throw fail(`unknown ${name} ${JSON.stringify(value)}`, near ? `did you mean ${near}?` : `one of ${choices.join(', ')}`);
    }
  }
  const extra = found[wanted.length];
  if (wanted.at(-1)?.repeats) return;
  if (extra !== undefined) throw fail(`unexpected argument ${JSON.stringify(extra)}`);
}

/** npm records `--local` under its own name, `--no-global`. */
const npmNames: Readonly<Record<string, string>> = { 'no-global': 'local', 'no-yes': 'yes' };

/**
 * With `npm run failover to europe --local` npm takes `--local`, and the command would act on the live account. npm's
 * record names what it took; without it npm_config_* has most options, except those that npm knows itself and may have
 * from its own configuration.
 */
function checkSwallowed(
  command: Syntax<Options>,
  given: ReadonlyMap<string, unknown>,
  env: Environment,
  npmArguments: readonly string[] | undefined,
): void {
  if (env['npm_lifecycle_event'] === undefined) return;
  const names = Object.keys(command.options);
  const recorded = (npmArguments ?? [])
    .filter((word) => word.startsWith('--'))
    .map((word) => word.slice(2).split('=', 1)[0] ?? '')
    .map((name) => (names.includes(name) ? name : (npmNames[name] ?? name)));
  const traced = names.filter(
    (name) => name !== 'yes' && name !== 'json' && name !== 'help' && env[`npm_config_${name.replaceAll('-', '_')}`],
  );
  // `npx --yes` agrees to an installation, not to a write.
  const isOwn = (name: string) => name === 'yes' && env['npm_lifecycle_event'] === 'npx';
  const taken = [...recorded, ...traced].find((name) => names.includes(name) && !given.has(name) && !isOwn(name));
  // Without npm's record `--local` may have been lost, and with --yes nothing else stops a write to the live account.
  const isUnseen = npmArguments === undefined && /^npm\//.test(env['npm_config_user_agent'] ?? '');
  if (taken === undefined && isUnseen && given.has('yes') && names.includes('local') && !given.has('local') && !env['EDGE_TARGET'])
    throw new EdgeError('USAGE', 'npm does not report its options, so it is not known whether to use AWS or the local cloud', {
      hint: 'set EDGE_TARGET=aws for the account, EDGE_TARGET=local for the local cloud',
    });
  if (taken === undefined) return;
  throw new EdgeError('USAGE', `npm took --${taken}, so the command did not get it`, {
    hint:
      env['npm_lifecycle_event'] === 'npx'
        ? `npx passes it on: ${typed(`${scriptName(command)} -- … --${taken}`)}`
        : `write -- after the script's name: npm run ${env['npm_lifecycle_event']} -- … --${taken}`,
  });
}
