import { formatTable, paint } from '../../text/terminal-text.ts';
import type { Movement, ReplayReport, Unproven } from './replay.ts';

export interface FormatReplayOptions {
  before: string;
  after: string;
  record: string;
  durationMs: number;
  colour: boolean;
}

/** The report as lines. */
export function formatReplay(report: ReplayReport, { before, after, record, durationMs, colour }: FormatReplayOptions): string[] {
  const { files, lines, requests, withoutAddress, rerouted, otherFallback, rewritten, notRouted } = report;
  const { movements, unproven, unreadable, unreadableExamples, damaged } = report;
  const perSecond = figure(Math.round(lines / Math.max(0.001, durationMs / 1_000)));
  const share = requests === 0 ? '' : ` (${((100 * rerouted) / requests).toFixed(2)} %)`;
  return [
    `from      ${before}`,
    `to        ${after}`,
    `record    ${record}`,
    `read      ${figure(requests)} requests of ${figure(lines)} lines in ${files} ${files === 1 ? 'file' : 'files'}, ${perSecond} lines a second`,
    `country   ${describeCountries(report)}`,
    ...(withoutAddress > 0
      ? [`address   missing for ${figure(withoutAddress)} requests: a weight between 0 and 100 treats them as one viewer`]
      : []),
    ...describeUnchanged(report, colour),
    ...(notRouted > 0 ? [`untouched ${figure(notRouted)} requests on behaviors without the function`] : []),
    `rerouted  ${paint(colour, rerouted > 0 ? 'yellow' : 'green', figure(rerouted))} requests${share}`,
    ...(otherFallback > 0 ? [`          ${figure(otherFallback)} more keep their first origin and get another fallback`] : []),
    ...(rewritten > 0 ? [`          ${figure(rewritten)} more keep their origins and are rewritten, or answered, in another way`] : []),
    ...movements.slice(0, 20).flatMap((movement) => formatMovement(movement, colour)),
    ...(movements.length > 20 ? [`  ${movements.length - 20} more kinds: --json has them all`] : []),
    ...(unproven.length > 0 ? ['unproven'] : []),
    ...unproven.slice(0, 10).flatMap(formatUnproven),
    ...(unproven.length > 10 ? [`  ${unproven.length - 10} more kinds: --json has them all`] : []),
    ...(unreadable === 0
      ? []
      : [
          paint(colour, 'yellow', `unread    ${figure(unreadable)} lines are not requests`),
          ...unreadableExamples.map((line) => `  ${line}`),
        ]),
    ...damaged.map((file) => paint(colour, 'yellow', `damaged   ${file}`)),
  ];
}

function describeCountries({ countries: { log, location, none } }: ReplayReport): string {
  const parts = [
    ...(log > 0 ? [`${figure(log)} from the log`] : []),
    ...(location > 0 ? [`${figure(location)} guessed from the edge location`] : []),
    ...(none > 0 ? [`${figure(none)} unknown`] : []),
  ];
  return parts.join(', ') || 'no requests';
}

function describeUnchanged({ unchanged: { proven, ifCountry, ifUnseen } }: ReplayReport, colour: boolean): string[] {
  return [
    `unchanged ${paint(colour, 'green', figure(proven))} requests, whatever the log does not show`,
    ...(ifCountry > 0 ? [`          ${figure(ifCountry)} more, if the guessed country is the viewer’s`] : []),
    ...(ifUnseen > 0 ? [`          ${figure(ifUnseen)} more, if headers, cookies and keys outside the log change nothing`] : []),
  ];
}

function formatMovement({ behavior, before, after, requests, countries, example }: Movement, colour: boolean): string[] {
  return [
    `  ${before} → ${paint(colour, 'bold', after)}`,
    ...formatTable([
      ['    ', 'requests', figure(requests)],
      ['    ', 'behavior', behavior],
      ['    ', 'countries', listMost(countries)],
      ['    ', 'first', example],
    ]),
  ];
}

function formatUnproven({ behavior, unseen, requests, countries }: Unproven): string[] {
  return formatTable([
    ['  ', 'requests', figure(requests)],
    ['  ', 'behavior', behavior],
    ['  ', 'countries', listMost(countries)],
    ['  ', 'reads', unseen.map(nameUnseen).join(', ')],
  ]);
}

/** What a function read and the log does not show, in words. */
function nameUnseen(name: string): string {
  const words: Readonly<Record<string, string>> = {
    'headers.cloudfront-viewer-country': 'the country',
    headers: 'any header',
    ip: 'the address',
    querystring: 'the query',
    cookies: 'cookies',
    context: 'the event’s context',
    '*': 'anything, as the run cannot be traced',
  };
  return words[name] ?? name.replace(/^headers\./, 'header ').replace(/^key:/, 'key ');
}

function listMost(countries: Readonly<Record<string, number>>): string {
  const named = Object.entries(countries).sort(([, a], [, b]) => b - a);
  const most = named.slice(0, 8).map(([country, count]) => `${country} ${figure(count)}`);
  return `${most.join(', ')}${named.length > 8 ? ` and ${named.length - 8} more` : ''}`;
}

function figure(value: number): string {
  return value.toLocaleString('en-US');
}
