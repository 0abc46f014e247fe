import { randomInt } from 'node:crypto';
import { inspect } from 'node:util';

type Style = 'red' | 'green' | 'yellow' | 'blue' | 'cyan' | 'magenta' | 'dim' | 'bold';
type Environment = Readonly<Record<string, string | undefined>>;

/** Parameters that no terminal knows and no other writer can guess: they mark our own colours, unlike those in foreign text. */
const own = Array.from({ length: 5 }, () => String(randomInt(1_000, 10_000))).join(';');

/** The text in a style when `on`, as it is otherwise: `paint(io.colour, 'red', text)`. Only what goes through `escapeForeign` is seen in colour. */
export function paint(on: boolean, style: Style, text: string): string {
  const [start, end] = inspect.colors[style] ?? [];
  return on ? `\u001b[${own};${start}m${text}\u001b[${own};${end}m` : text;
}

const foreign = new RegExp(
  `\\u001b\\[${own};(\\d+m)|[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]`,
  'g',
);

/**
 * The text as it may reach a terminal: control characters but newline and tab, C1 and DEL included, and those that turn the direction of writing, end a line
 * or show nothing are shown as `\u001b`, which is what JSON calls them, so that JSON stays the same JSON. Colours of `paint` become colours.
 */
export function escapeForeign(text: string): string {
  return text.replace(foreign, (found, ours: string | undefined) =>
    ours === undefined ? `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}` : `\u001b[${ours}`,
  );
}

/** Whether to colour: NO_COLOR forbids (no-color.org), else FORCE_COLOR allows (force-color.org), else only a terminal does. */
export function chooseColour(env: Environment, isTerminal: boolean): boolean {
  if (env['NO_COLOR']) return false;
  if (env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '') return env['FORCE_COLOR'] !== '0';
  return isTerminal && env['TERM'] !== 'dumb';
}
