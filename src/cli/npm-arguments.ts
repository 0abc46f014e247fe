import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** How far up npm is looked for: the shell that npm starts scripts with, npm itself, a wrapper. */
const generations = 4;
const headBytes = 8_192;
/** A log is npm's own when it began at most this long before the command. */
const recentMs = 60_000;

/**
 * What npm was given between the script's name and `--`, as npm itself recorded it; empty when npm was not used or left no trace. npm takes options there for
 * itself: `--local` is its short form of `--no-global`, of which nothing reaches the script. npm overwrites its own argv, so its debug log is read: on Linux
 * the one that npm holds open, elsewhere the newest that names this script.
 */
export function readNpmArguments(env: Environment, parent: number): readonly string[] {
  const script = env['npm_lifecycle_event'];
  if (script === undefined) return [];
  for (const file of [...openLogs(parent), ...recentLogs(env)]) {
    const words = parseNpmLog(readHead(file), script);
    if (words !== undefined) return words;
  }
  return [];
}

/** The words after the script's name and before `--` in a debug log of npm; undefined when the log is of another command. */
export function parseNpmLog(text: string, script: string): string[] | undefined {
  const [, line] = /^\d+ verbose argv (.*)$/m.exec(text) ?? [];
  if (line === undefined) return undefined;
  const words = [...line.matchAll(/"(?:[^"\\]|\\.)*"/g)].map(([word]) => unquote(word));
  const [command = ''] = words;
  const isShort = command === script && ['start', 'test', 'stop', 'restart'].includes(script);
  const at = isShort ? 0 : words.indexOf(script, 1);
  if (at < 0) return undefined;
  const end = words.indexOf('--', at);
  return words.slice(at + 1, end < 0 ? undefined : end);
}

function unquote(word: string): string {
  try {
    return JSON.parse(word) as string;
  } catch {
    return word.slice(1, -1);
  }
}

function openLogs(parent: number): string[] {
  const found: string[] = [];
  let pid = parent;
  for (let generation = 0; generation < generations && pid > 1; generation++) {
    try {
      for (const fd of readdirSync(`/proc/${pid}/fd`)) {
        const target = linkOf(`/proc/${pid}/fd/${fd}`);
        if (/[/\\]_logs[/\\].*-debug-\d+\.log$/.test(target)) found.push(target);
      }
      pid = Number(
        readFileSync(`/proc/${pid}/stat`, 'utf8')
          .replace(/^.*\) /s, '')
          .split(' ')[1],
      );
    } catch {
      break;
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
      .filter((path) => Date.now() - statSync(path).mtimeMs < recentMs);
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
