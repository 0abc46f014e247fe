import { formatTime } from '../text/format-time.ts';
import { paint } from '../text/paint.ts';
import type { ConsideredOrigin, Explanation } from './explain-viewer.ts';

export interface FormatExplanationOptions {
  /** What the code is: `working tree, a817b4d321f2`. */
  code: string;
  /** Where the record is from: `live, edge-health`. */
  source: string;
  /** Epoch milliseconds. */
  now: number;
  colour: boolean;
}

/** The explanation as a tree for people. */
export function formatExplanation(explanation: Explanation, { code, source, now, colour }: FormatExplanationOptions): string[] {
  const { viewer, record, isRecord, origins, rule, failedOpen, decision } = explanation;
  const said =
    record === undefined ? 'the key is missing: taken for ok' : isRecord ? record : `${JSON.stringify(record)} is no record: taken for ok`;
  const order = origins.map(({ id }) => id).join(', ') || 'none: the function chooses no origin by id';
  const verdict = decision.failed ? paint(colour, 'red', decision.route) : paint(colour, 'green', decision.route);
  return [
    `viewer   ${viewer.country ?? 'no known country'}, ${viewer.method}, ${viewer.ip}`,
    `code     ${code}`,
    `record   ${said}  (${source})`,
    `order    ${order}${rule === undefined ? '' : `  (edge.config.ts, ${rule})`}`,
    ...origins.map((origin, index) => {
      const branch = index === origins.length - 1 ? '└' : '├';
      return `         ${branch} ${origin.id}: ${describeOrigin(origin, explanation, now)}`;
    }),
    ...(failedOpen ? ['         nobody is left: the whole order is kept'] : []),
    `calls    ${decision.call}`,
    `goes to  ${verdict}`,
    ...decision.rewrites.map((rewrite) => `changes  ${rewrite}`),
  ];
}

function describeOrigin({ weight, until, place }: ConsideredOrigin, { bucket, origins, failedOpen }: Explanation, now: number): string {
  const ends = until === undefined ? '' : ` until ${formatTime(until * 1_000, now)}`;
  const against = bucket === undefined || weight % 100 === 0 ? '' : `, the viewer is in bucket ${bucket}`;
  const chosen = origins.filter((other) => other.place !== undefined).length;
  const outcome =
    place === 1
      ? 'takes the viewer'
      : place === 2
        ? 'takes over when the first fails this request'
        : !failedOpen && weight <= (bucket ?? 0)
          ? 'does not take the viewer'
          : chosen === 0
            ? 'not chosen'
            : 'not needed';
  return `weight ${weight}${ends}${against}: ${outcome}`;
}
