// One palette for the console, the report, the timeline page and the terminal: an origin has the same colour and letter
// in all of them. Origins are never green, amber or red: those are the colours of a state.

/** A colour for a light page and for a dark one, `#rrggbb`. */
export interface Shade {
  light: string;
  dark: string;
}

type Texture = 'plain' | 'lines' | 'dots' | 'cross';

/** How an origin is shown everywhere. */
export interface OriginMark {
  id: string;
  /** Its place in edge.config.ts, home first. */
  place: number;
  /** One capital letter, unique among these origins. */
  letter: string;
  colour: Shade;
  /** Beside the colour, for readers who ask for more contrast. */
  texture: Texture;
  /** The style of `paint`. */
  terminal: 'blue' | 'cyan' | 'magenta' | 'bold';
}

const colours: readonly Shade[] = [
  { light: '#3f6fd8', dark: '#6f9bf5' },
  { light: '#0a8f9f', dark: '#45c6cf' },
  { light: '#9a4cc0', dark: '#d3aaf0' },
  { light: '#6e5344', dark: '#bd9c8a' },
  { light: '#c2508c', dark: '#ee93bf' },
  { light: '#5c6b82', dark: '#9fb0c8' },
  { light: '#2b3f8f', dark: '#a9b6ff' },
  { light: '#66704a', dark: '#b3bd96' },
];

const textures: readonly Texture[] = ['plain', 'lines', 'dots', 'cross'];
const terminals = ['blue', 'cyan', 'magenta', 'bold'] as const;

/** How each origin is shown. The order of the ids is that of edge.config.ts: another order gives other marks. */
export function markOrigins(ids: readonly string[]): OriginMark[] {
  const taken = new Set<string>();
  return ids.map((id, place) => {
    const letter = chooseLetter(id, taken);
    taken.add(letter);
    return {
      id,
      place,
      letter,
      colour: colourOf(place),
      texture: textures[place % textures.length] ?? 'plain',
      terminal: terminals[place % terminals.length] ?? 'bold',
    };
  });
}

/** The first letter of the name that is free, then the first of the alphabet; `?` after 26 origins. */
function chooseLetter(id: string, taken: ReadonlySet<string>): string {
  const letters = `${id.toUpperCase().replace(/[^A-Z]/g, '')}ABCDEFGHIJKLMNOPQRSTUVWXYZ`;
  return [...letters].find((letter) => !taken.has(letter)) ?? '?';
}

function colourOf(place: number): Shade {
  return colours[place % colours.length] ?? { light: '#5c6b82', dark: '#9fb0c8' };
}

/** How many origins have a colour of their own; a further one repeats the first colour with the next texture. */
export const paletteSize = colours.length;

/** Colours of a state: text and lines, and the ground behind them. */
export const stateColours = {
  good: { ink: { light: '#177245', dark: '#5fcf95' }, ground: { light: '#e6f5ec', dark: '#11291d' } },
  warn: { ink: { light: '#8a5a00', dark: '#e8b64c' }, ground: { light: '#fdf3d9', dark: '#2e2410' } },
  bad: { ink: { light: '#c02a2f', dark: '#ff8a84' }, ground: { light: '#fdeaea', dark: '#371719' } },
} as const satisfies Record<string, { ink: Shade; ground: Shade }>;

/** Everything else: the page, its panels, text, rules, and the one accent of links and focus. */
export const surfaceColours = {
  page: { light: '#f5f6f8', dark: '#0d0f13' },
  panel: { light: '#ffffff', dark: '#15181d' },
  raised: { light: '#eff1f4', dark: '#1e2229' },
  ink: { light: '#191c21', dark: '#e6e8ec' },
  soft: { light: '#5a6370', dark: '#9aa3b0' },
  rule: { light: '#e2e5ea', dark: '#282d35' },
  field: { light: '#858e9b', dark: '#69727f' },
  land: { light: '#d4d9e0', dark: '#343b45' },
  accent: { light: '#2459c4', dark: '#86adff' },
} as const satisfies Record<string, Shade>;

/**
 * The palette as custom properties, dark by the reader's setting: `--page`, `--ink`, …, `--good`, `--good-ground`, …,
 * and `--origin-0` to `--origin-7` by place.
 */
export function formatPaletteCss(): string {
  const dark = listProperties('dark').map((line) => `  ${line}`);
  return [
    ':root {',
    '  color-scheme: light dark;',
    ...listProperties('light'),
    '}',
    '@media (prefers-color-scheme: dark) {',
    '  :root {',
    ...dark,
    '  }',
    '}',
    '',
  ].join('\n');
}

/** The light palette alone, for paper. */
export function formatPrintCss(): string {
  return [
    '@media print {',
    '  :root {',
    '    color-scheme: light;',
    ...listProperties('light').map((line) => `  ${line}`),
    '  }',
    '}',
    '',
  ].join('\n');
}

function listProperties(scheme: keyof Shade): string[] {
  return [
    ...Object.entries(surfaceColours).map(([name, shade]) => `  --${name}: ${shade[scheme]};`),
    ...Object.entries(stateColours).flatMap(([name, { ink, ground }]) => [
      `  --${name}: ${ink[scheme]};`,
      `  --${name}-ground: ${ground[scheme]};`,
    ]),
    ...colours.map((shade, place) => `  --origin-${place}: ${shade[scheme]};`),
  ];
}
