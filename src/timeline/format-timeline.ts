import { formatTable } from '../text/format-table.ts';
import type { Timeline } from './timeline.ts';

/** The timeline as lines. */
export function formatTimeline(timeline: Timeline): string[] {
  const { requests, decided, unreadable, unreadableExamples, damaged, propagation, byLocation, origins, contradictions } = timeline;
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
  const counts = ({ requests: all, failed }: { requests: number; failed: number }) => `${failed} of ${all}`;
  return [
    `read         ${requests} requests, ${decided} with a line of the router`,
    ...(decided === 0 ? ['             set accessLog in edge.config.ts and choose the field viewer-request-log-data'] : []),
    ...(propagation === undefined
      ? ['propagation  unknown: no location has requests from before and after a flip of the audit']
      : [
          `propagation  p50 ${seconds(propagation.p50Ms)}, p95 ${seconds(propagation.p95Ms)}, p99 ${seconds(propagation.p99Ms)}, ${propagation.locations} locations`,
          ...formatTable(byLocation.map((each) => ['', each.location, `p50 ${seconds(each.p50Ms)}`, `max ${seconds(each.maxMs)}`])),
        ]),
    ...(origins.length === 0 ? [] : ['answered with 5xx']),
    ...formatTable(
      origins.map(({ origin, safe, unsafe }) => ['', origin, `GET, HEAD, OPTIONS ${counts(safe)}`, `others ${counts(unsafe)}`]),
    ),
    ...(timeline.unknownFlips === 0 ? [] : [`unknown      ${timeline.unknownFlips} requests name a flip that the audit does not have`]),
    ...(contradictions === 0 ? [] : [`not as the record says  ${contradictions} requests`, ...indent(timeline.contradictionExamples)]),
    ...(unreadable === 0 ? [] : [`unread       ${unreadable} lines are not requests`, ...indent(unreadableExamples)]),
    ...damaged.map((file) => `damaged      ${file}`),
  ];
}

function indent(lines: readonly string[]): string[] {
  return lines.map((text) => `  ${text}`);
}
