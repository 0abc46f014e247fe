import { formatTable } from '../text/terminal-text.ts';
import type { ConformancePlan, ConformanceReport, ReportRow, RunEvent } from './conformance.ts';
import type { CaseGroup, ConformanceCase } from './conformance-case.ts';
import type { Leftover, NotRemoved } from './tear-down.ts';

const groups: readonly CaseGroup[] = ['control plane', 'function runtime', 'edge', 'propagation'];

/** One line of what happens in a run. */
export function formatRunEvent(event: RunEvent): string {
  if (event.kind === 'made') return 'made a store and four functions';
  if (event.kind === 'removing') return 'removing everything';
  if (event.kind === 'deploying') return event.state;
  if (event.kind === 'asked') return `${event.row.verdict.padEnd(13)} ${event.row.id}`;
  return event.kind === 'removed' ? formatRemoved(event.one) : `the journal stays: ${event.problem}`;
}

export function formatRemoved({ kind, name }: Leftover): string {
  return `removed ${kind} ${name}`;
}

/** The result in a few lines: what differs, what could not be asked, and the figures. */
export function formatConformance({ rows, summary, seconds, usd, failure, left, target }: ConformanceReport): string[] {
  const name = target === 'aws' ? 'AWS' : 'the local cloud';
  return [
    ...rows.filter(({ verdict }) => verdict === 'different').flatMap(describeDifference),
    ...rows.filter(({ verdict }) => verdict === 'could not ask').map(({ id, note }) => `could not ask  ${id}: ${note ?? ''}`),
    ...rows.filter(({ group, note }) => group === 'propagation' && note !== undefined).map(({ id, note }) => `measured  ${id}: ${note}`),
    ...(failure === undefined ? [] : [`the run ended early: ${failure}`]),
    ...formatLeft(left),
    `${summary.same} of ${rows.length} cases are the same on ${name}, ${summary.different} differ, ${summary['could not ask']} could not be asked; ${seconds} s, ${formatUsd(usd)}`,
  ];
}

function describeDifference({ id, question, emulated, answered, note, open }: ReportRow): string[] {
  return [
    `different  ${id}: ${question}`,
    `    we emulate  ${JSON.stringify(emulated)}`,
    `    it answered ${JSON.stringify(answered)}${note === undefined ? '' : `  (${note})`}`,
    ...(open === undefined ? [] : [`    open point  ${open}`]),
  ];
}

export function formatLeft(left: readonly NotRemoved[]): string[] {
  return left.map(({ kind, name, reason }) => `not removed  ${kind} ${name}: ${reason}`);
}

/** What a run will do, before it starts. */
export function formatConformancePlan({ cases, limits, usd, needsDistribution }: ConformancePlan, roleArn?: string): string[] {
  const count = (group: CaseGroup) => cases.filter((one) => one.group === group).length;
  const role = roleArn === undefined ? ', a role without rights,' : ` that use the role ${roleArn},`;
  return [
    `${cases.length} cases: ${groups.map((group) => `${count(group)} ${group}`).join(', ')}`,
    needsDistribution
      ? `creates a store, four functions, two Lambda functions with public URLs${role} and a distribution with nine behaviors; ${roleArn === undefined ? 'deletes all of them at the end' : 'deletes all but that role at the end'}`
      : 'creates a store and four functions; deletes all of them at the end',
    `at most ${limits['store calls']} calls of the KeyValueStore API and ${limits.requests} requests`,
    `price  at most ${formatUsd(usd)}, before any free tier; time  ${needsDistribution ? 'up to 40 minutes, most of it waiting for the distribution' : 'about 5 minutes'}`,
  ];
}

export function formatUsd(usd: number): string {
  return `$${(Math.ceil(usd * 100) / 100).toFixed(2)}`;
}

export function formatCaseList(cases: readonly ConformanceCase[]): string[] {
  return formatTable(cases.map(({ id, group, needs, question }) => [id, group, needs, question]));
}

/** A page for docs/conformance/: one table for each group. */
export function formatConformancePage(report: ConformanceReport): string {
  const { target, date, summary, rows, seconds, usd, failure } = report;
  const name = target === 'aws' ? 'AWS' : 'the local cloud';
  return [
    `# Conformance on ${date}: ${name}`,
    '',
    `${summary.same} of ${rows.length} cases are the same, ${summary.different} differ, ${summary['could not ask']} could not be asked. ` +
      `The run took ${seconds} s and cost ${formatUsd(usd)} before any free tier.`,
    ...(failure === undefined ? [] : ['', `The run ended early: ${failure}`]),
    ...groups.flatMap((group) =>
      formatGroup(
        group,
        rows.filter((row) => row.group === group),
        name,
      ),
    ),
    '',
  ].join('\n');
}

function formatGroup(group: CaseGroup, rows: readonly ReportRow[], name: string): string[] {
  if (rows.length === 0) return [];
  const heading = `${group[0]?.toUpperCase()}${group.slice(1)}`;
  return [
    '',
    `## ${heading}`,
    '',
    `| case | what we emulate | what ${name} answered | verdict |`,
    '| --- | --- | --- | --- |',
    ...rows.map(
      ({ id, question, emulated, answered, verdict, note }) =>
        `| ${id}: ${cell(question)} | ${code(emulated)} | ${verdict === 'could not ask' ? '' : code(answered)}${note === undefined ? '' : ` ${cell(note)}`} | ${verdict} |`,
    ),
  ];
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replace(/\s+/g, ' ').slice(0, 300);
}

function code(value: unknown): string {
  return `\`${JSON.stringify(value).replaceAll('|', '\\|').replaceAll('`', "'")}\``;
}
