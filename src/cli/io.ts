import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { chooseColour, escapeForeign } from '../text/paint.ts';
import type { Host } from './host.ts';

/**
 * What a command's main may touch of the world; the only way to the process from outside src/cli. All that is written passes `escapeForeign`: names, reasons and
 * messages come from the store, from AWS and from origins, and must not write to the terminal as they like.
 */
export interface Io {
  /** One line of result. */
  stdout(line: string): void;
  /** One line of talk. */
  stderr(line: string): void;
  /** One line of talk that the next one replaces; nothing at all when stderr is no terminal. */
  progress(line: string): void;
  /** A result: the value as one line of JSON under `--json`, the lines otherwise. */
  result(value: unknown, lines: readonly string[]): void;
  /** A result in place of the previous one: the screen is cleared on a terminal; elsewhere it is one more result. */
  redraw(value: unknown, lines: readonly string[]): void;
  /** Asks a yes-or-no question on the terminal; anything but `y` or `yes` is no. Check `isTerminal` first. */
  confirm(question: string): Promise<boolean>;
  /** A main sets it whose work matters more than its log: it goes on although nobody reads what it writes. Default false. */
  outlivesReaders: boolean;
  env: Readonly<Record<string, string | undefined>>;
  /** A person sits at it: stdin and stderr are terminals. */
  isTerminal: boolean;
  /** Width of stdout, 80 when it is no terminal. */
  columns: number;
  /** Colours are welcome on stdout. */
  colour: boolean;
  json: boolean;
  /** Aborted by the first Ctrl-C, SIGTERM or SIGHUP. */
  signal: AbortSignal;
  /** Exit code of a command that was cut short by the signal but had something to show: 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP. */
  stopCode: number;
  /** Epoch milliseconds. */
  now(): number;
}

/** The world of one command on this host. */
export function openIo(host: Host, json: boolean, signal: AbortSignal): Io {
  const { stdout, stderr, env } = host;
  const isTalkVisible = stderr.isTTY === true;
  let transient = false;
  const erase = () => {
    if (transient) stderr.write('\r\u001b[K');
    transient = false;
  };
  const write = (output: Host['stdout'], text: string, before = '') => {
    erase();
    output.write(before + escapeForeign(text));
  };
  const result = (value: unknown, lines: readonly string[], before = '') =>
    write(stdout, json ? `${JSON.stringify(value)}\n` : lines.map((line) => `${line}\n`).join(''), before);
  return {
    stdout: (line) => write(stdout, `${line}\n`),
    stderr: (line) => write(stderr, `${line}\n`),
    progress: (line) => {
      if (!isTalkVisible) return;
      erase();
      // A line wider than the terminal would wrap, and only its last row could be erased.
      stderr.write(escapeForeign(line).slice(0, (stderr.columns ?? 80) - 1));
      transient = true;
    },
    result: (value, lines) => result(value, lines),
    redraw: (value, lines) => result(value, lines, stdout.isTTY === true && !json ? '\u001b[H\u001b[J' : ''),
    confirm: async (question) => {
      write(stderr, `${question} [y/N] `);
      const reader = createInterface({ input: host.stdin });
      try {
        // Ctrl-D, and the end of whatever else stdin is: no answer will come.
        const noAnswer = once(reader, 'close').then(() => '');
        const answer = await Promise.race([reader.question('', { signal }), noAnswer]);
        return /^y(es)?$/i.test(answer.trim());
      } finally {
        reader.close();
      }
    },
    outlivesReaders: false,
    env,
    get isTerminal() {
      return isTalkVisible && host.stdin.isTTY === true;
    },
    columns: stdout.columns ?? 80,
    colour: !json && chooseColour(env, stdout.isTTY === true),
    json,
    signal,
    stopCode: 130,
    now: host.now,
  };
}
