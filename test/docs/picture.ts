import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv, execPath } from 'node:process';
import type { DrillReport } from '../../src/drill/report.ts';
import { markOrigins, type Shade, stateColours, surfaceColours } from '../../src/text/palette.ts';

// npm run docs:drill [-- out/report.json] draws the README's picture of a real drill: of the one whose report is named,
// or of a new one. It is an SVG with CSS alone, as GitHub shows pictures: no script, no font from elsewhere.

const picture = 'docs/images/drill.svg';
const [width, height, left, right, top, bottom] = [880, 340, 52, 20, 104, 268];
/** One round of the animation, and the share of it that draws; the rest holds the whole picture. */
const [roundSeconds, drawn] = [16, 0.75];

const [named] = argv.slice(2);
const report = JSON.parse(named === undefined ? await runDrill() : await readFile(named, 'utf8')) as DrillReport;
const svg = draw(report);
await writeFile(picture, svg);
console.log(`written: ${picture}, ${Math.ceil(svg.length / 1024)} kB`);

async function runDrill(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'edge-picture-'));
  try {
    const { status } = spawnSync(execPath, ['--no-warnings', 'scripts/run.mjs', 'drill', '--report', folder], { stdio: 'inherit' });
    if (status !== 0) throw new Error('the drill broke a promise: no picture of that');
    return await readFile(join(folder, 'report.json'), 'utf8');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function draw({ buckets, origins, markers, fromMs, toMs, bucketMs, summary }: DrillReport): string {
  const share = (atMs: number) => (atMs - fromMs) / (toMs - fromMs);
  const x = (atMs: number) => round(left + share(atMs) * (width - left - right));
  const marks = markOrigins(origins.map(({ id }) => id));
  const counts = buckets.map(({ atMs, methods, origins: served }) => ({
    atMs,
    // The broken origin is at the bottom, so that its bars shrink to the axis.
    served: marks
      .map(({ id, place }) => ({ count: served[id] ?? 0, style: `o${place}`, isBroken: id === summary.broken }))
      .sort((a, b) => Number(b.isBroken) - Number(a.isBroken)),
    failed: Object.values(methods).reduce((sum, { failed }) => sum + failed, 0),
  }));
  const sums = counts.map(({ served, failed }) => failed + served.reduce((sum, { count }) => sum + count, 0));
  const [most, total] = [Math.max(...sums), sums.reduce((sum, each) => sum + each, 0)];
  const failed = counts.reduce((sum, each) => sum + each.failed, 0);
  const y = (count: number) => round((count / most) * (bottom - top));
  const barWidth = round(x(bucketMs) - x(0) - 2);

  const bars = counts.flatMap(({ atMs, served, failed }) => {
    let base = bottom;
    return [...served, { count: failed, style: 'bad' }].flatMap(({ count, style }) => {
      if (count === 0) return [];
      base = round(base - y(count));
      return [`<rect class="${style}" x="${round(x(atMs) + 1)}" y="${base}" width="${barWidth}" height="${y(count)}"/>`];
    });
  });

  const at = (kind: DrillReport['markers'][number]['kind']) => markers.find((marker) => marker.kind === kind)?.atMs ?? toMs;
  const [atEdge, restored, home] = [at('propagated'), at('restored'), at('failback')];
  const flags = [
    { atMs: 0, text: `${summary.broken} breaks` },
    { atMs: atEdge, text: `flag at the edge, ${seconds(atEdge)}` },
    { atMs: restored, text: `${summary.broken} has recovered` },
    { atMs: home, text: `all viewers are back` },
  ].map(({ atMs, text }, place) => {
    const isLate = x(atMs) > width - 170;
    const [lineTop, textX] = [top - 24 + (place % 2) * 16, isLate ? x(atMs) - 5 : x(atMs) + 5];
    return (
      `<path class="mark" d="M${x(atMs)} ${lineTop - 9}V${bottom}"/>` +
      `<text class="label" x="${textX}" y="${lineTop}"${isLate ? ' text-anchor="end"' : ''}>${text}</text>`
    );
  });

  const phases = [
    { fromMs, text: 'Each viewer goes to the first origin of its country.' },
    { fromMs: 0, text: `The origin group serves each GET from another origin. ${failed} writes fail: nothing may send a POST twice.` },
    { fromMs: atEdge, text: 'The flag moves every viewer, POST included. No request fails any more.' },
    { fromMs: restored, text: 'After a hold-down the viewers come back in steps of 10, 25, 50 and 100 %.' },
    { fromMs: home, text: `One outage: ${failed} of ${total} requests failed, all of them in the first ${seconds(atEdge)}.` },
  ];
  const percent = (atMs: number) => round(Math.max(share(atMs), 0) * drawn * 100);
  const fades = phases.map(({ fromMs: start }, place) => {
    const [from, to] = [percent(start), place + 1 < phases.length ? percent(phases[place + 1]?.fromMs ?? toMs) : 100];
    const before = from === 0 ? '' : `0%, ${round(from - 0.1)}% { opacity: 0; } `;
    const after = to === 100 ? '' : ` ${round(to)}%, 100% { opacity: 0; }`;
    return `@keyframes p${place} { ${before}${from}%, ${round(to - 0.1)}% { opacity: 1; }${after} } .p${place} { animation-name: p${place}; }`;
  });
  const captions = phases.map(
    ({ text }, place) =>
      `<text class="phase p${place}${place === phases.length - 1 ? ' last' : ''}" x="${left}" y="${height - 22}">${text}</text>`,
  );
  const ticks = [...Array(Math.floor(toMs / 5_000) + 1).keys()].map(
    (step) => `<text class="tick" x="${x(step * 5_000)}" y="${bottom + 17}">${step * 5} s</text>`,
  );
  const legend = [
    ...marks.map(({ place, letter, id }) => ({ style: `o${place}`, letter, text: `${id} (${origins[place]?.region})` })),
    { style: 'bad', letter: '', text: 'failed' },
  ].map(
    ({ style, letter, text }, place) =>
      `<rect class="${style}" x="${left + place * 220}" y="42" width="15" height="15" rx="3"/>` +
      `<text class="letter" x="${left + 7.5 + place * 220}" y="53.5">${letter}</text><text class="soft" x="${left + 22 + place * 220}" y="54">${text}</text>`,
  );
  const colours = (shade: keyof Shade) =>
    [
      `.card { fill: ${surfaceColours.panel[shade]}; stroke: ${surfaceColours.rule[shade]}; }`,
      `text { fill: ${surfaceColours.ink[shade]}; } .soft, .tick { fill: ${surfaceColours.soft[shade]}; }`,
      `.letter { fill: ${surfaceColours.panel[shade]}; } .mark, .axis { stroke: ${surfaceColours.soft[shade]}; } .bad { fill: ${stateColours.bad.ink[shade]}; }`,
      ...marks.map(({ place, colour }) => `.o${place} { fill: ${colour[shade]}; }`),
    ].join('\n');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="t">
<title id="t">One outage of ${summary.broken} in the drill: requests in each second by the origin that served them. ${failed} of ${total} requests failed.</title>
<style>
svg { color-scheme: light dark; font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; }
.tick { font-size: 11px; text-anchor: middle; } .title { font-size: 16px; font-weight: 600; } .label { font-size: 12px; }
.letter { font-size: 11px; font-weight: 700; text-anchor: middle; } .mark { stroke-dasharray: 3 3; fill: none; } .phase { font-size: 14px; }
${colours('light')}
@media (prefers-color-scheme: dark) {
${colours('dark')}
}
.shown { transform-origin: ${left}px 0; animation: show ${roundSeconds}s linear infinite; }
.phase { opacity: 0; animation: ${roundSeconds}s linear infinite; }
@keyframes show { from { transform: scaleX(0); } ${drawn * 100}%, to { transform: scaleX(1); } }
${fades.join('\n')}
@media (prefers-reduced-motion: reduce) { .shown, .phase { animation: none; } .last { opacity: 1; } }
</style>
<rect class="card" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="10"/>
<text class="title" x="${left}" y="27">Requests a second by origin while ${summary.broken} is down</text>
${legend.join('\n')}
<clipPath id="c"><rect class="shown" x="${left}" y="0" width="${width - left}" height="${height}"/></clipPath>
<g clip-path="url(#c)">
${bars.join('\n')}
${flags.join('\n')}
</g>
<path class="axis" d="M${left} ${bottom + 0.5}H${width - right}"/>
<text class="tick" x="${left - 8}" y="${top + 10}" style="text-anchor: end">${most}</text>
<text class="tick" x="${left - 8}" y="${bottom}" style="text-anchor: end">0</text>
${ticks.join('\n')}
${captions.join('\n')}
</svg>
`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
