import { describe, expect, it } from 'vitest';
import type { Command } from '../../../src/cli/command.ts';
import type { Io } from '../../../src/cli/io.ts';
import { flag, type Options, text } from '../../../src/cli/option.ts';
import { run } from '../../../src/cli/run.ts';
import { EdgeError } from '../../../src/errors.ts';
import { fakeHost } from './fake-host.ts';

const options = { reason: text('why'), yes: flag('write without asking') };
const command = (main: Command<typeof options & Options>['main']): Command<typeof options & Options> => ({
  usage: 'failover -- <status|to> [origin]',
  summary: 'Moves viewers.',
  examples: ['failover -- status'],
  options,
  positionals: [{ name: 'command', choices: ['status', 'to'] }],
  main,
});
const refuse = new EdgeError('ORIGIN_UNHEALTHY', 'europe is unhealthy', { hint: 'npm run failover -- status' });

describe('run', () => {
  it('ends with 0 when main returns nothing, and with what it returns otherwise', async () => {
    const quiet = fakeHost(['status']);
    await run(
      command(async () => {}),
      quiet,
    );
    const failing = fakeHost(['status']);
    await run(
      command(async () => 1),
      failing,
    );
    expect([quiet.codes, failing.codes]).toEqual([[0], [1]]);
    expect(quiet.out() + quiet.err()).toBe('');
  });

  it('prints a failure as one line and a hint on stderr, without a stack', async () => {
    const host = fakeHost(['status']);
    await run(
      command(async () => {
        throw refuse;
      }),
      host,
    );
    expect(host.err()).toBe('error: europe is unhealthy\nhint: npm run failover -- status\n');
    expect(host.out()).toBe('');
    expect(host.codes).toEqual([1]);
  });

  it('prints a failure as one JSON document on stdout under --json', async () => {
    const host = fakeHost(['status', '--json']);
    await run(
      command(async () => {
        throw refuse;
      }),
      host,
    );
    expect(JSON.parse(host.out())).toEqual({
      error: { code: 'ORIGIN_UNHEALTHY', message: 'europe is unhealthy', hint: 'npm run failover -- status' },
    });
    expect(host.err()).toBe('');
    expect(host.codes).toEqual([1]);
  });

  it('keeps the stack of anything that is not an EdgeError and ends with 1', async () => {
    const host = fakeHost(['status', '--json']);
    await run(
      command(async () => {
        throw new TypeError('undefined is not a function');
      }),
      host,
    );
    expect(host.err()).toMatch(/^bug: TypeError: undefined is not a function\n {4}at .*run\.test\.ts/);
    expect(JSON.parse(host.out()).error.code).toBe('BUG');
    expect(host.codes).toEqual([1]);
  });

  it.each([
    { given: ['staus'], says: 'error: unknown command "staus"\nhint: did you mean status?\n' },
    { given: ['status', '--reson', 'x'], says: 'error: unknown option --reson\nhint: did you mean --reason?\n' },
    { given: ['status', '--jsn'], says: 'error: unknown option --jsn\nhint: did you mean --json?\n' },
    { given: ['status', 'europe'], says: 'error: unexpected argument "europe"\nhint: npm run failover -- --help\n' },
    { given: [], says: 'error: <command> is missing: one of status, to\nhint: npm run failover -- --help\n' },
  ])('ends with 2 and a hint for $given', async ({ given, says }) => {
    const host = fakeHost(given);
    await run(
      command(async () => {
        throw new Error('main must not run');
      }),
      host,
    );
    expect(host.err()).toBe(says);
    expect(host.codes).toEqual([2]);
  });

  it('prints the help on stdout without looking at anything else', async () => {
    const host = fakeHost(['nonsense', '--help']);
    await run(
      command(async () => {
        throw new Error('main must not run');
      }),
      host,
    );
    expect(host.out()).toContain('usage: npm run failover -- <status|to> [origin]');
    expect(host.out()).toContain('--reason <text>');
    expect(host.codes).toEqual([0]);
  });

  it.each([
    { signal: 'SIGINT' as const, code: 130, says: 'error: interrupted\n' },
    { signal: 'SIGTERM' as const, code: 143, says: 'error: ended by SIGTERM\n' },
  ])('aborts main at $signal and ends with $code', async ({ signal, code, says }) => {
    const host = fakeHost(['status']);
    await run(
      command(async (_, io) => {
        host.signal(signal);
        io.signal.throwIfAborted();
      }),
      host,
    );
    expect(host.codes).toEqual([code]);
    expect(host.err()).toBe(says);
  });

  it.each([
    { signal: 'SIGINT' as const, code: 130 },
    { signal: 'SIGTERM' as const, code: 143 },
  ])('lets main show what it has at $signal and still end with $code', async ({ signal, code }) => {
    const host = fakeHost(['status', '--json']);
    const main = async (_: unknown, io: Io) => {
      host.signal(signal);
      io.result({ done: 1 }, []);
      return io.stopCode;
    };
    await run(command(main), host);
    expect([host.codes, host.out(), host.err()]).toEqual([[code], '{"done":1}\n', '']);
  });

  it('takes an AbortError from the platform as the interruption it is', async () => {
    const host = fakeHost(['status']);
    await run(
      command(async () => {
        host.signal('SIGINT');
        throw Object.assign(new Error('Request aborted'), { name: 'AbortError' });
      }),
      host,
    );
    expect(host.codes).toEqual([130]);
    expect(host.err()).toBe('error: interrupted\n');
  });

  it('leaves the exit code to a main that ends in good order after Ctrl-C', async () => {
    const host = fakeHost(['status']);
    await run(
      command(async () => {
        host.signal('SIGINT');
      }),
      host,
    );
    expect(host.codes).toEqual([0]);
  });

  it('ends at once at the second Ctrl-C, but not at the copy of the first that npm passes on', async () => {
    const host = fakeHost(['status']);
    const seen: number[][] = [];
    await run(
      command(async () => {
        host.signal('SIGINT');
        host.clock.now += 20;
        host.signal('SIGINT');
        seen.push([...host.codes]);
        host.clock.now += 1_000;
        host.signal('SIGINT');
        seen.push([...host.codes]);
      }),
      host,
    );
    expect(seen).toEqual([[], [130]]);
  });

  it('takes the end of npm for SIGTERM, unless a signal came before', async () => {
    const under = async (env: Record<string, string>, act: (host: ReturnType<typeof fakeHost>) => void) => {
      const host = fakeHost(['status'], { env });
      await run(
        command(async (_, io) => {
          act(host);
          io.signal.throwIfAborted();
        }),
        host,
      );
      return host.codes;
    };
    const npm = { npm_lifecycle_event: 'start' };
    expect(await under(npm, (host) => host.orphan())).toEqual([143]);
    expect(await under({}, (host) => host.orphan())).toEqual([0]);
    const both = (host: ReturnType<typeof fakeHost>) => {
      host.signal('SIGHUP');
      host.clock.now += 1_000;
      host.orphan();
    };
    expect(await under(npm, both)).toEqual([129]);
  });

  it.each(['EPIPE', 'ENOSPC', 'EIO'])('goes on after %s where main says so, and ends with its own code', async (code) => {
    const host = fakeHost(['status']);
    await run(
      command(async (_, io) => {
        io.outlivesReaders = true;
        host.breakPipe(code);
        io.stdout('still here');
        return 1;
      }),
      host,
    );
    expect(host.codes).toEqual([1]);
  });

  it('ends in silence when the reader closes the pipe', async () => {
    const host = fakeHost(['status']);
    await run(
      command(async () => host.breakPipe()),
      host,
    );
    expect(host.codes[0]).toBe(0);
    expect(host.err()).toBe('');
  });
});

describe('io', () => {
  it('shows progress on a terminal only, and erases it before the next line', async () => {
    const show = async (terminal: boolean) => {
      const host = fakeHost(['status'], { terminal });
      await run(
        command(async (_, io) => {
          io.progress('1 of 2');
          io.progress('2 of 2');
          io.stderr('done');
        }),
        host,
      );
      return host.err();
    };
    expect(await show(false)).toBe('done\n');
    expect(await show(true)).toBe('1 of 2\r\u001b[K2 of 2\r\u001b[Kdone\n');
  });

  it('cuts progress to the terminal, since only its last row could be erased', async () => {
    const host = fakeHost(['status'], { terminal: true, columns: 10 });
    await run(
      command(async (_, io) => io.progress('0123456789abcdef')),
      host,
    );
    expect(host.err()).toBe('012345678');
  });

  it.each([
    { env: {}, terminal: true, colour: true },
    { env: {}, terminal: false, colour: false },
    { env: { NO_COLOR: '1' }, terminal: true, colour: false },
    { env: { NO_COLOR: '' }, terminal: true, colour: true },
    { env: { FORCE_COLOR: '1' }, terminal: false, colour: true },
    { env: { FORCE_COLOR: '0' }, terminal: true, colour: false },
    { env: { NO_COLOR: '1', FORCE_COLOR: '1' }, terminal: true, colour: false },
    { env: { TERM: 'dumb' }, terminal: true, colour: false },
  ])('colours: $colour with $env, terminal $terminal', async ({ env, terminal, colour }) => {
    const host = fakeHost(['status'], { env: env as Record<string, string>, terminal });
    let found: boolean | undefined;
    await run(
      command(async (_, io) => {
        found = io.colour;
      }),
      host,
    );
    expect(found).toBe(colour);
  });

  it.each([
    { answer: 'y\n', yes: true },
    { answer: 'YES\n', yes: true },
    { answer: '\n', yes: false },
    { answer: 'no\n', yes: false },
    { answer: 'yep\n', yes: false },
    // Ctrl-D.
    { answer: null, yes: false },
  ])('takes $answer for $yes', async ({ answer, yes }) => {
    const host = fakeHost(['status'], { terminal: true });
    let found: boolean | undefined;
    host.stdin.push(answer);
    await run(
      command(async (_, io) => {
        found = await io.confirm('write this?');
      }),
      host,
    );
    expect(found).toBe(yes);
    expect(host.err()).toBe('write this? [y/N] ');
  });

  it('gives a result as lines, or as one line of JSON under --json, on stdout', async () => {
    const show = async (argv: string[]) => {
      const host = fakeHost(argv);
      await run(
        command(async (_, io) => io.result({ weight: 100 }, ['weight 100', 'fine'])),
        host,
      );
      return host.out();
    };
    expect(await show(['status'])).toBe('weight 100\nfine\n');
    expect(await show(['status', '--json'])).toBe('{"weight":100}\n');
  });

  it('redraws by clearing a terminal, and never writes escapes into JSON or a pipe', async () => {
    const show = async (argv: string[], terminal: boolean) => {
      const host = fakeHost(argv, { terminal });
      await run(
        command(async (_, io) => io.redraw({ n: 1 }, ['one'])),
        host,
      );
      return host.out();
    };
    expect(await show(['status'], true)).toBe('\u001b[H\u001b[Jone\n');
    expect(await show(['status'], false)).toBe('one\n');
    expect(await show(['status', '--json'], true)).toBe('{"n":1}\n');
  });
});

describe('output', () => {
  const line = 'danger   europe is unhealthy since a minute';
  const print = async (argv: string[], terminal: boolean) => {
    const host = fakeHost(argv, { terminal, columns: 24 });
    await run(
      command(async (_, io) => io.result({ danger: line }, [line])),
      host,
    );
    return host.out();
  };

  it('wraps at the width of a terminal, below the last column', async () => {
    expect(await print(['status'], true)).toBe('danger   europe is\n         unhealthy since\n         a minute\n');
  });

  it('keeps lines whole for a pipe, and JSON on one line', async () => {
    expect(await print(['status'], false)).toBe(`${line}\n`);
    expect(JSON.parse(await print(['status', '--json'], true))).toEqual({ danger: line });
  });

  it('keeps the lines of a command that prints JSON itself whole on a terminal', async () => {
    const host = fakeHost(['status', '--json'], { terminal: true, columns: 24 });
    await run(
      command(async (_, io) => io.stdout(JSON.stringify({ danger: line }))),
      host,
    );
    expect(JSON.parse(host.out())).toEqual({ danger: line });
  });
});
