import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { isRecord } from '../text/is-record.ts';
import { chooseColour, escapeForeign, wrapLine } from '../text/terminal-text.ts';
import type { Host } from './host.ts';

/** What a command works on, as its JSON result has it. */
export interface NamedTarget {
  local: boolean;
  /** Null on the local cloud, and where nothing names it. */
  account: string | null;
  profile: string | null;
  /** Of edge.config.ts; null when that has none. */
  environment: string | null;
  /** Such as `store edge-health`. */
  resource: string;
}

/**
 * The only way from a command to the process. All output passes `escapeForeign`, since names, reasons and messages come
 * from the store, from AWS and from origins and must not control the terminal. On a terminal every line but JSON is
 * wrapped at its width.
 */
export interface Io {
  /** One line of result. */
  stdout(line: string): void;
  /** One line that is not part of the result. */
  stderr(line: string): void;
  /** One line on stderr that the next one replaces; nothing at all unless stderr is a terminal. */
  progress(line: string): void;
  /** A result: the value as one line of JSON under `--json`, the lines otherwise. */
  result(value: unknown, lines: readonly string[]): void;
  /** From here on the JSON result, when it is an object, has this as `target`. */
  setTarget(target: NamedTarget): void;
  /** A result in place of the previous one: on a terminal the screen is cleared, elsewhere it is one more result. */
  redraw(value: unknown, lines: readonly string[]): void;
  /** Asks a yes-or-no question on the terminal; anything but `y` or `yes` is no. Check `isTerminal` first. */
  confirm(question: string): Promise<boolean>;
  /**
   * Asks for a line of text on the terminal; an empty answer is the fallback, and undefined means that no answer will
   * come, as after Ctrl-D.
   */
  ask(question: string, fallback: string): Promise<string | undefined>;
  /**
   * For a main whose work matters more than its log: it goes on when the reader of its output has gone. Default false.
   */
  outlivesReaders: boolean;
  env: Readonly<Record<string, string | undefined>>;
  /** stdin and stderr are terminals, so a question can be asked. */
  isTerminal: boolean;
  /** Width of stdout at which prose wraps; Infinity in a pipe or file, where none does. */
  columns: number;
  /** Colours are welcome on stdout. */
  colour: boolean;
  json: boolean;
  /** Records as they are stored beside their words, and each probe. */
  verbose: boolean;
  /** Aborted by the first Ctrl-C, SIGTERM or SIGHUP. */
  signal: AbortSignal;
  /**
   * Exit code of a command that was cut short by the signal but had something to show: 130 after Ctrl-C, 143 after
   * SIGTERM, 129 after SIGHUP.
   */
  stopCode: number;
  /** Epoch milliseconds. */
  now(): number;
}

export function openIo(host: Host, json: boolean, signal: AbortSignal): Io {
  const { stdout, stderr, env } = host;
  const isProgressVisible = stderr.isTTY === true;
  let transient = false;
  let target: NamedTarget | undefined;
  const erase = () => {
    if (transient) stderr.write('\r\u001b[K');
    transient = false;
  };
  const write = (output: Host['stdout'], text: string, before = '') => {
    erase();
    const escaped = escapeForeign(text);
    // A line break inside JSON would be another text.
    const isWrapped = output.isTTY === true && !(json && output === stdout);
    output.write(before + (isWrapped ? wrapLines(escaped, output.columns || 80) : escaped));
  };
  const result = (value: unknown, lines: readonly string[], before = '') => {
    if (!json) return write(stdout, lines.map((line) => `${line}\n`).join(''), before);
    erase();
    const named = target !== undefined && isRecord(value) ? { target, ...value } : value;
    stdout.write(before + escapeForeign(`${JSON.stringify(named, isoTimes)}\n`));
  };
  const readAnswer = async (question: string): Promise<string | undefined> => {
    write(stderr, question);
    const reader = createInterface({ input: host.stdin });
    try {
      // After Ctrl-D, or the end of a pipe, no answer will come.
      const noAnswer = once(reader, 'close').then(() => undefined);
      return await Promise.race([reader.question('', { signal }), noAnswer]);
    } finally {
      reader.close();
    }
  };
  return {
    stdout: (line) => write(stdout, `${line}\n`),
    stderr: (line) => write(stderr, `${line}\n`),
    progress: (line) => {
      if (!isProgressVisible) return;
      erase();
      // A line wider than the terminal would wrap, and only its last row could be erased.
      stderr.write(escapeForeign(line).slice(0, (stderr.columns || 80) - 1));
      transient = true;
    },
    result: (value, lines) => result(value, lines),
    setTarget: (named) => {
      target = named;
    },
    redraw: (value, lines) => result(value, lines, stdout.isTTY === true && !json ? '\u001b[H\u001b[J' : ''),
    confirm: async (question) => /^y(es)?$/i.test((await readAnswer(`${question} [y/N] `))?.trim() ?? ''),
    ask: async (question, fallback) => {
      const answer = await readAnswer(`${question}${fallback === '' ? '' : ` [${fallback}]`} `);
      return answer === undefined ? undefined : answer.trim() || fallback;
    },
    outlivesReaders: false,
    env,
    get isTerminal() {
      return isProgressVisible && host.stdin.isTTY === true;
    },
    columns: stdout.isTTY === true ? stdout.columns || 80 : Number.POSITIVE_INFINITY,
    colour: !json && chooseColour(env, stdout.isTTY === true),
    json,
    verbose: host.argv.includes('--verbose'),
    signal,
    stopCode: 130,
    now: host.now,
  };
}

function wrapLines(text: string, width: number): string {
  return text
    .split('\n')
    .flatMap((line) => wrapLine(line, width))
    .join('\n');
}

/**
 * A moment in epoch milliseconds becomes ISO 8601, by the name of its field: `at`, `since`, `until`, `heldUntil`,
 * `recordedAt`.
 */
function isoTimes(name: string, value: unknown): unknown {
  const isTime = typeof value === 'number' && value > 1e12 && value < 1e14 && /^(?:at|since|until)$|(?:At|Until)$/.test(name);
  return isTime ? new Date(value).toISOString() : value;
}
