import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Command } from '../../../src/cli/command.ts';
import type { Io } from '../../../src/cli/io.ts';
import type { Options } from '../../../src/cli/option.ts';
import { run } from '../../../src/cli/run.ts';
import { EdgeError } from '../../../src/errors.ts';
import { escapeForeign, paint } from '../../../src/text/terminal-text.ts';
import { fakeHost } from '../cli/fake-host.ts';

// Whatever others wrote, none of it may move the cursor, set a title, paste, or turn the direction of writing.

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
const dangerous = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u;

const nasty = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.integer({ min: 0, max: 0x9f }).map((code) => String.fromCharCode(code)) }),
  fc.constantFrom(
    '\u001b[31mred\u001b[39m',
    '\u001b]0;title\u0007',
    '\u009b31m',
    '\u009d8;;http://evil\u009c',
    '\u001b[1234;1234;1234;1234;1234;31m',
    'a\rb',
    '\u202egnp.exe',
    'sin\u200bgapore',
    'a\u2028b',
    '\ufeffa\u00ad\u2060',
    '\u2066x\u2069',
    paint(true, 'red', 'painted').slice(0, 8),
  ),
);

async function output(main: (io: Io) => Promise<void>, { argv = [], terminal = false }: { argv?: string[]; terminal?: boolean } = {}) {
  const command: Command<Options> = { usage: 'x', summary: '', examples: [], options: {}, main: (_, io) => main(io) };
  const host = fakeHost(argv, { terminal, columns: 10_000 });
  host.stdin.push(null);
  await run(command, host);
  return { out: host.out(), err: host.err() };
}

describe('what others wrote', () => {
  it('reaches stdout and stderr without any control character, by every way there is', async () => {
    await fc.assert(
      fc.asyncProperty(nasty, fc.boolean(), async (text, json) => {
        const { out, err } = await output(
          async (io) => {
            io.stdout(text);
            io.stdout(JSON.stringify({ text }));
            io.stderr(text);
            io.progress(text);
            io.result({ text, [text]: 1 }, [text]);
            io.redraw({ text }, [text]);
            throw new EdgeError('AWS', text, { hint: text });
          },
          { argv: json ? ['--json'] : [] },
        );
        expect(out).not.toMatch(dangerous);
        expect(err).not.toMatch(dangerous);
      }),
    );
  });

  it('is the same JSON as before', async () => {
    await fc.assert(
      fc.asyncProperty(nasty, async (text) => {
        const { out } = await output(async (io) => io.result({ text, [text]: [text] }, []), { argv: ['--json'] });
        expect(JSON.parse(out)).toEqual(JSON.parse(JSON.stringify({ text, [text]: [text] })));
      }),
    );
  });

  it('on a terminal leaves our own colours and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(nasty, async (text) => {
        const { out } = await output(async (io) => io.stdout(`${paint(io.colour, 'red', 'ours')} ${paint(io.colour, 'bold', text)}`), {
          terminal: true,
        });
        expect(out.startsWith('\u001b[31mours\u001b[39m \u001b[1m')).toBe(true);
        expect(out.endsWith('\u001b[22m\n')).toBe(true);
        expect(out.slice('\u001b[31mours\u001b[39m \u001b[1m'.length, -'\u001b[22m\n'.length)).not.toMatch(dangerous);
      }),
    );
  });

  it('is not asked about as it likes, and a bug is shown without it', async () => {
    const asked = await output(
      async (io) => {
        await io.confirm('\u001b[2Jsure?');
      },
      { terminal: true },
    );
    expect(asked.err).toBe('\\u001b[2Jsure? [y/N] ');
    const { err } = await output(async () => {
      throw new Error('\u001b]52;c;AAAA\u0007');
    });
    expect(err).toContain('\\u001b]52;c;AAAA\\u0007');
    expect(err).not.toMatch(dangerous);
  });
});

it('newlines, tabs and any letters stay', () => {
  const text = 'a\tb\nÄ 日本 😀 \u200d';
  expect(escapeForeign(text)).toBe(text);
});

it('a painted text is as wide as its letters', () => {
  expect(stripVTControlCharacters(paint(true, 'red', 'down'))).toBe('down');
});
