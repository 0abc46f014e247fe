import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '../config/environments.ts';

/** How many parents are searched for npm: shells, npm itself, an outer npm whose script ran this one, wrappers. */
const generations = 16;
const headBytes = 8_192;
/** A log that began earlier than this before the command is of another run. */
const recentMs = 60_000;

/**
 * The options that npm took for itself, as npm recorded them, an outer npm's `--local` included; empty when npm was not
 * used, undefined when npm left no record. npm takes every option before `--`: `--local` is its short form of
 * `--no-global`, of which nothing reaches the script. npm overwrites its own argv, so its debug log is read: on Linux
 * those that the npm processes above this one hold open, elsewhere the newest that names this script.
 */
export function readNpmArguments(env: Environment, parent: number): readonly string[] | undefined {
  const script = env['npm_lifecycle_event'];
  if (script === undefined) return [];
  const open = openLogs(parent);
  // Without npm's logs an older file would be of a run that has ended.
  const logs = open ?? (env['npm_config_logs_max'] === '0' ? [] : recentLogs(env));
  const own = logs.findIndex((text) => parseNpmLog(text, script) !== undefined);
  if (own < 0) return undefined;
  // Of the options that an outer npm took, only the place to write is meant for this script, too.
  const outer = open === undefined ? [] : logs.slice(own + 1).flatMap((text) => wordsOf(text) ?? []);
  return [...(parseNpmLog(logs[own] ?? '', script) ?? []), ...outer.filter((word) => word === '--no-global')];
}

/**
 * The words before `--` without the command and the script's name, in a debug log of npm; undefined when the log is of
 * another command.
 */
export function parseNpmLog(text: string, script: string): string[] | undefined {
  const words = wordsOf(text);
  // npm writes options down where they were given: before the command as well.
  const command = words?.find((word) => !word.startsWith('-'));
  if (words === undefined || command === undefined) return undefined;
  // Both `npx` and `npm exec` call the script so; of the former npm records `--` before the program's name.
  if (script === 'npx') return /^(exec|x)$/.test(command) ? words.filter((word) => word.startsWith('-')) : undefined;
  const isShort = command === script && ['start', 'test', 'stop', 'restart'].includes(script);
  const at = words.indexOf(script, isShort ? 0 : words.indexOf(command) + 1);
  return at < 0 ? undefined : words.filter((_, index) => index !== at && (isShort || index !== words.indexOf(command)));
}

function wordsOf(text: string): string[] | undefined {
  const [, line] = /^\d+ verbose argv (.*)$/m.exec(text) ?? [];
  if (line === undefined) return undefined;
  const words = [...line.matchAll(/"(?:[^"\\]|\\.)*"/g)].map(([word]) => unquote(word));
  const end = words.indexOf('--');
  return end < 0 ? words : words.slice(0, end);
}

function unquote(word: string): string {
  try {
    return JSON.parse(word) as string;
  } catch {
    return word.slice(1, -1);
  }
}

/**
 * The heads of the debug logs that the processes above hold open, the nearest first; undefined where the system does
 * not show it.
 */
function openLogs(parent: number): string[] | undefined {
  const found: string[] = [];
  let pid = parent;
  for (let generation = 0; generation < generations && pid > 1; generation++) {
    try {
      for (const fd of readdirSync(`/proc/${pid}/fd`)) {
        const path = `/proc/${pid}/fd/${fd}`;
        if (/[/\\]\d{4}-[^/\\]*-debug-\d+\.log$/.test(linkOf(path))) found.push(readHead(path));
      }
      pid = Number(
        readFileSync(`/proc/${pid}/stat`, 'utf8')
          .replace(/^.*\) /s, '')
          .split(' ')[1],
      );
    } catch {
      return generation === 0 ? undefined : found;
    }
  }
  return found;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function recentLogs(env: Environment): string[] {
  const folder = join(env['npm_config_cache'] ?? '', '_logs');
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('-debug-0.log'))
      .sort()
      .slice(-3)
      .reverse()
      .map((name) => join(folder, name))
      .filter((path) => Date.now() - statSync(path).mtimeMs < recentMs)
      .map(readHead);
  } catch {
    return [];
  }
}

function readHead(file: string): string {
  try {
    return readFileSync(file, 'utf8').slice(0, headBytes);
  } catch {
    return '';
  }
}
