import { readFile } from 'node:fs/promises';
import type { DrillReport } from '../src/drill/report.ts';

// npm run drill -- --report out/ && npx tsx bench/picture.ts out/report.json > docs/images/drill.svg
// Draws the README's picture: one bar for each second of a real drill, animated unless the reader prefers no motion.

const [width, left, top, height, bottom] = [860, 46, 106, 150, 284];

const file = process.argv[2];
if (file === undefined) throw new Error('usage: npx tsx bench/picture.ts out/report.json');
process.stdout.write(draw(JSON.parse(await readFile(file, 'utf8')) as DrillReport));

function draw({ buckets, origins, markers, fromMs, toMs, bucketMs, summary }: DrillReport): string {
  const x = (atMs: number) => round(left + ((atMs - fromMs) / (toMs - fromMs)) * (width - left - 16));
  const counts = buckets.map(({ atMs, methods, origins: served }) => ({
    atMs,
    // The broken origin is at the bottom, so that its bars shrink to the axis.
    served: origins
      .map(({ id }, place) => ({ count: served[id] ?? 0, style: `o${place}`, isBroken: id === summary.broken }))
      .sort((a, b) => Number(b.isBroken) - Number(a.isBroken)),
    failed: Object.values(methods).reduce((sum, { failed }) => sum + failed, 0),
  }));
  const most = Math.max(...counts.map(({ served, failed }) => failed + served.reduce((sum, { count }) => sum + count, 0)));
  const y = (count: number) => round((count / most) * height);
  const barWidth = round(x(bucketMs) - x(0) - 2);

  const bars = counts.flatMap(({ atMs, served, failed }) => {
    let base = top + height;
    return [...served, { count: failed, style: 'bad' }].flatMap(({ count, style }) => {
      if (count === 0) return [];
      base = round(base - y(count));
      return [`<rect class="${style}" x="${round(x(atMs) + 1)}" y="${base}" width="${barWidth}" height="${y(count)}"/>`];
    });
  });
  const shown = markers.filter(({ kind }) => kind === 'fault' || kind === 'propagated' || kind === 'restored' || kind === 'failback');
  const marks = shown.map(({ kind, atMs, label }, place) => {
    const [at, row] = [x(atMs), top - 22 + (place % 2) * 16];
    const text = `${label.replace(/:.*/, '')}${kind === 'fault' ? '' : `, ${Math.round(atMs / 1_000)} s`}`;
    const isLate = at > width - 160;
    return (
      `<path class="mark" d="M${at} ${row - 10}V${top + height}"/>` +
      `<text class="label" x="${isLate ? at - 4 : at + 4}" y="${row}"${isLate ? ' text-anchor="end"' : ''}>${text}</text>`
    );
  });
  const ticks = [...Array(Math.floor(toMs / 5_000) + 1).keys()].map(
    (step) => `<text class="tick" x="${x(step * 5_000)}" y="${top + height + 16}">${step * 5} s</text>`,
  );
  const legend = [
    ...origins.map(({ id, region }, place) => ({ style: `o${place}`, text: `${id} (${region})` })),
    { style: 'bad', text: 'failed' },
  ];
  const failed = counts.reduce((sum, each) => sum + each.failed, 0);
  const total = counts.reduce((sum, each) => sum + each.failed + each.served.reduce((all, { count }) => all + count, 0), 0);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${bottom}" width="${width}" height="${bottom}" role="img" aria-labelledby="t">
<title id="t">One outage of ${summary.broken} in the drill: requests in each second by the origin that served them. ${failed} of ${total} requests failed.</title>
<style>
svg { color-scheme: light dark; font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; }
.card { fill: #ffffff; stroke: #d5dae0; } text { fill: #16191d; } .soft, .tick { fill: #59626d; } .tick { font-size: 11px; text-anchor: middle; }
.title { font-size: 15px; font-weight: 600; } .label { font-size: 12px; } .mark { stroke: #16191d; stroke-dasharray: 3 3; fill: none; }
.o0 { fill: #2b6cb0; } .o1 { fill: #8fb8de; } .o2 { fill: #6b5ca5; } .o3 { fill: #b3a7d6; } .bad { fill: #c2410c; }
@media (prefers-color-scheme: dark) {
  .card { fill: #14171b; stroke: #39414b; } text { fill: #e8ebee; } .soft, .tick { fill: #a0a9b4; } .mark { stroke: #e8ebee; }
  .o0 { fill: #5aa0ea; } .o1 { fill: #2f5a8a; } .o2 { fill: #a596e0; } .o3 { fill: #574c85; } .bad { fill: #f58a5c; }
}
.shown { transform-origin: ${left}px 0; animation: play 14s linear infinite; }
@keyframes play { from { transform: scaleX(0); } 60%, to { transform: scaleX(1); } }
@media (prefers-reduced-motion: reduce) { .shown { animation: none; } }
</style>
<rect class="card" x="0.5" y="0.5" width="${width - 1}" height="${bottom - 1}" rx="8"/>
<text class="title" x="${left}" y="26">Requests a second by origin while ${summary.broken} is down</text>
${legend.map(({ style, text }, place) => `<rect class="${style}" x="${left + place * 215}" y="43" width="12" height="12"/><text class="soft" x="${left + 18 + place * 215}" y="54">${text}</text>`).join('\n')}
<clipPath id="c"><rect class="shown" x="${left}" y="0" width="${width - left}" height="${bottom}"/></clipPath>
<g clip-path="url(#c)">
${bars.join('\n')}
${marks.join('\n')}
</g>
<text class="tick" x="${left - 6}" y="${top + 10}" style="text-anchor: end">${most}</text>
<text class="tick" x="${left - 6}" y="${top + height}" style="text-anchor: end">0</text>
${ticks.join('\n')}
</svg>
`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
