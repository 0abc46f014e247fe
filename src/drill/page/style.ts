import { formatPaletteCss, formatPrintCss, paletteSize } from '../../text/palette.ts';

/**
 * One style sheet for every page: light or dark by the reader's setting, light on paper. Series differ in place and
 * form first, in colour second.
 */
export const style = `
${formatPaletteCss()}:root { --paper: var(--page); --card: var(--panel); --line: var(--rule); --grid: var(--rule); --bad-tint: var(--bad-ground); --warn-tint: var(--warn-ground); --good-tint: var(--good-ground); --mark: var(--ink); }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0.4rem 0 0.6rem; }
h2 { font-size: 1.2rem; margin: 2.6rem 0 0.6rem; padding-top: 0.9rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.4rem 0 0.1rem; }
p { margin: 0.3rem 0 0.7rem; max-width: 46rem; }
.soft, figcaption p, small { color: var(--soft); }
.pill { display: inline-block; padding: 0.1rem 0.7rem; border: 1px solid currentColor; border-radius: 1rem; font-weight: 600; font-size: 0.9rem; }
.note { max-width: none; padding: 0.6rem 0.9rem; border-left: 3px solid var(--accent); background: var(--panel); font-size: 0.92rem; }
.kept { color: var(--good); } .broken { color: var(--bad); } .skipped { color: var(--soft); } .late { color: var(--warn); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.2rem, 1fr)); gap: 0.7rem; margin: 1.2rem 0; padding: 0; list-style: none; }
.tiles li { background: var(--card); border: 1px solid var(--line); border-radius: 0.5rem; padding: 0.6rem 0.8rem; }
.tiles b { display: block; font-size: 1.45rem; line-height: 1.25; font-variant-numeric: tabular-nums; }
.tiles b:not(:first-child) { margin-top: 0.4rem; } .tiles span { color: var(--soft); font-size: 0.85rem; display: block; line-height: 1.35; }
figure { margin: 1.2rem 0 1.6rem; }
figcaption p { margin: 0 0 0.3rem; font-size: 0.92rem; }
.legend { display: flex; flex-wrap: wrap; gap: 0.1rem 1.1rem; list-style: none; margin: 0 0 0.5rem; padding: 0; font-size: 0.85rem; color: var(--soft); }
.legend svg { width: 1.25rem; height: 0.85rem; margin-right: 0.4rem; vertical-align: -0.08rem; } .legend text { fill: var(--panel); font: 700 0.66rem system-ui, sans-serif; }
.plot { display: block; width: calc(100% - 3.4rem); margin-left: 3.4rem; overflow: visible; }
.plot text { font-size: 11px; fill: var(--soft); font-variant-numeric: tabular-nums; }
.plot .zero { stroke: var(--soft); stroke-width: 1; } .plot .grid { stroke: var(--grid); stroke-width: 1; }
.plot .mark { stroke: var(--mark); stroke-width: 1; opacity: 0.75; }
.plot .mark.written, .plot .mark.verdict { stroke-dasharray: 2 3; } .plot .mark.ramp, .plot .mark.flip { stroke-dasharray: 5 4; opacity: 0.5; }
.plot .mark.fault, .plot .mark.restored { stroke-width: 2; opacity: 0.9; }
.plot .flag circle { fill: var(--paper); stroke: var(--mark); } .plot .flag text { fill: var(--ink); font-size: 10px; font-weight: 600; text-anchor: middle; }
.plot .flag.fault circle { fill: var(--bad); stroke: var(--bad); } .plot .flag.fault text { fill: var(--paper); }
${Array.from({ length: paletteSize }, (_, place) => `.o${place} { fill: var(--origin-${place}); }`).join(' ')} .a { fill: var(--field); } .x { fill: var(--bad); }
.l1, .l2, .l3 { fill: none; stroke-width: 2; vector-effect: non-scaling-stroke; }
.l1 { stroke: var(--accent); } .l2 { stroke: var(--bad); stroke-dasharray: 6 3; } .l3 { stroke: var(--ink); stroke-width: 1.5; }
.band-healthy { fill: var(--good); } .band-unhealthy { fill: var(--bad); } .band-unknown { fill: var(--grid); }
.name { font-weight: 600; font-size: 0.92rem; margin: 0.5rem 0 0; }
.scroll { overflow-x: auto; margin: 0.4rem 0; }
table { border-collapse: collapse; font-size: 0.88rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 0.28rem 0.9rem 0.28rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; } thead th { color: var(--soft); white-space: nowrap; } .n { text-align: right; white-space: nowrap; } .t { white-space: nowrap; }
.grid-table td, .grid-table th { padding: 0.35rem 0.6rem; } .grid-table td { border: 1px solid var(--line); min-width: 6rem; }
.grid-table td small { display: block; } .fail { background: var(--bad-tint); } .slow { background: var(--warn-tint); } .fine { background: var(--good-tint); }
details { margin: 0.5rem 0; font-size: 0.9rem; } summary { cursor: pointer; color: var(--soft); }
code, pre { font: 0.86rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; } pre { background: var(--card); border: 1px solid var(--line); border-radius: 0.4rem; padding: 0.7rem 0.9rem; overflow-x: auto; }
.num { display: inline-flex; width: 1.35rem; height: 1.35rem; border: 1px solid var(--ink); border-radius: 50%; align-items: center; justify-content: center; font-size: 0.72rem; font-weight: 600; }
.num.fault { background: var(--bad); border-color: var(--bad); color: var(--paper); }
.panels { display: grid; grid-template-columns: repeat(4, 1fr); gap: 0.9rem 0.7rem; } .panels .plot { width: 100%; margin: 0; }
.panels p { margin: 0; font-size: 0.8rem; } .panels .row { grid-column: 1 / -1; margin: 0.5rem 0 0; font-weight: 600; font-size: 0.95rem; }
@media (max-width: 36rem) {
  main { padding: 1rem 0.8rem 3rem; } h1 { font-size: 1.4rem; } .plot { width: calc(100% - 2.7rem); margin-left: 2.7rem; } .panels { gap: 0.6rem 0.35rem; } .panels p { font-size: 0.7rem; }
  .grid-table { table-layout: fixed; width: 100%; font-size: 0.8rem; } .grid-table td, .grid-table th { padding: 0.25rem 0.3rem; min-width: 0; }
}
@media print {
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { font-size: 11pt; } main { max-width: none; padding: 0; } details { display: none; } figure, .tiles li, tr { break-inside: avoid; } h2, h3 { break-after: avoid; }
}
${formatPrintCss()}`;
