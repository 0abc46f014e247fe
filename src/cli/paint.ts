import { styleText } from 'node:util';

type Style = 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold';
type Environment = Readonly<Record<string, string | undefined>>;

/** The text in a style when `on`, as it is otherwise: `paint(io.colour, 'red', text)`. */
export function paint(on: boolean, style: Style, text: string): string {
  return on ? styleText(style, text) : text;
}

/** Whether to colour: NO_COLOR forbids (no-color.org), else FORCE_COLOR allows (force-color.org), else only a terminal does. */
export function chooseColour(env: Environment, isTerminal: boolean): boolean {
  if (env['NO_COLOR']) return false;
  if (env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '') return env['FORCE_COLOR'] !== '0';
  return isTerminal && env['TERM'] !== 'dumb';
}
