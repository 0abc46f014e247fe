import { formatTable } from '../text/terminal-text.ts';
import type { Timeline } from './timeline.ts';

/** Lines of a table that are shown; `--json` has all. */
const maxRows = 20;

/** The timeline as lines. */
export function formatTimeline(timeline: Timeline): string[] {
  const { requests, decided, unreadable, unreadableExamples, damaged, propagation, byLocation, lags, origins, routes } = timeline;
  const counts = ({ requests: all, failed }: { requests: number; failed: number }) => `${failed} of ${all}`;
  return [
    `read         ${requests} requests, ${decided} with a line of the router`,
    ...(decided === 0 ? ['             set accessLog in edge.config.ts and choose the field viewer-request-log-data'] : []),
    ...(propagation === undefined
      ? ['propagation  unknown: no location has requests from before and after a flip of the audit']
      : [
          `propagation  p50 ${formatSeconds(propagation.p50Ms)}, p95 ${formatSeconds(propagation.p95Ms)}, p99 ${formatSeconds(propagation.p99Ms)}, ${propagation.locations} locations`,
          ...table(
            byLocation.map((each) => [
              each.location,
              `p50 ${formatSeconds(each.p50Ms)}`,
              `p95 ${formatSeconds(each.p95Ms)}`,
              `p99 ${formatSeconds(each.p99Ms)}`,
            ]),
          ),
        ]),
    ...section(
      'behind the store at most, by sampled ages',
      lags.map(({ location, samples, behindMs }) => [location, formatSeconds(behindMs), `${samples} samples`]),
    ),
    ...section(
      'answered with 5xx',
      origins.map(({ origin, safe, unsafe }) => [origin, `GET, HEAD, OPTIONS ${counts(safe)}`, `others ${counts(unsafe)}`]),
    ),
    ...section(
      'sent where and why',
      routes.map((each) => [each.service ?? '', each.country ?? '-', each.origin, describeReason(each), String(each.requests)]),
    ),
    ...(timeline.unknownFlips === 0 ? [] : [`unknown      ${timeline.unknownFlips} requests name a flip that the audit does not have`]),
    ...(timeline.contradictions === 0
      ? []
      : [`not as the record says  ${timeline.contradictions} requests`, ...indent(timeline.contradictionExamples)]),
    ...(unreadable === 0 ? [] : [`unread       ${unreadable} lines are not requests`, ...indent(unreadableExamples)]),
    ...damaged.map((file) => `damaged      ${file}`),
  ];
}

/** `flip 417, automatic, by share`. */
export function describeReason({ reason, sequence, isShare }: Timeline['routes'][number]): string {
  const words = { ok: 'all healthy', record: 'by the record' } as const;
  return [
    ...(sequence === undefined ? [] : [`flip ${sequence}`]),
    reason === 'ok' || reason === 'record' ? words[reason] : reason,
    ...(isShare ? ['by share'] : []),
  ].join(', ');
}

export function formatSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function section(title: string, rows: readonly string[][]): string[] {
  return rows.length === 0 ? [] : [title, ...table(rows)];
}

function table(rows: readonly string[][]): string[] {
  const left = rows.length - maxRows;
  return [
    ...formatTable(rows.slice(0, maxRows).map((cells) => ['', ...cells])),
    ...(left > 0 ? [`  ${left} more rows are in --json`] : []),
  ];
}

function indent(lines: readonly string[]): string[] {
  return lines.map((text) => `  ${text}`);
}
