import type autocannon from 'autocannon';
import { formatTable, paint } from '../text/terminal-text.ts';
import { formatDuration } from '../text/time.ts';
import { bailoutErrors, type LoadRequest, type LoadTarget, maxAnswerBytes } from './plan-load.ts';

export interface LoadOptions {
  connections: number;
  durationMs: number;
  /** Requests per second over all connections; undefined for as many as they carry. */
  requestsPerSecond: number | undefined;
  /** Expected errors; a hundred more than this end the run. */
  maxErrors: number;
  signal: AbortSignal;
  /** Each second: answers and errors so far. */
  onTick: (answers: number, errors: number) => void;
}

export interface LoadReport {
  /** Whole answers. */
  answers: number;
  requestsPerSecond: number;
  /** Milliseconds, whole ones, of every answer; undefined without any. */
  latency: { p50Ms: number; p90Ms: number; p99Ms: number; maxMs: number } | undefined;
  /** Answers by status. */
  statuses: Readonly<Record<string, number>>;
  /** Answers by their `x-region`; `none` for those without. */
  regions: Readonly<Record<string, number>>;
  /** Requests without an answer, by reason. */
  errors: Readonly<Record<string, number>>;
  durationMs: number;
  /** It ended early because too many requests failed. */
  gaveUp: boolean;
}

/**
 * Loads one address of the target with autocannon over kept-alive connections, without following redirects or checking
 * certificates. Aborted, it ends within a second and reports.
 */
export async function runLoad(target: LoadTarget, request: LoadRequest, options: LoadOptions): Promise<LoadReport> {
  const { url, addresses } = target;
  const { connections, durationMs, requestsPerSecond, maxErrors, signal, onTick } = options;
  // An optional package.
  const { default: start } = await import('autocannon');
  const [address = ''] = addresses;
  const tally = openTally(maxErrors);
  const { method, headers, body } = request;
  const host = address.includes(':') ? `[${address}]` : address;
  const settings: autocannon.Options = {
    url: `${url.protocol}//${host}${url.port === '' ? '' : `:${url.port}`}${url.pathname}${url.search}`,
    servername: url.hostname,
    method,
    headers: { ...headers, host: url.host },
    ...(body === undefined ? {} : { body }),
    connections,
    duration: durationMs / 1_000,
    ...(requestsPerSecond === undefined ? {} : { overallRate: requestsPerSecond, ignoreCoordinatedOmission: true }),
    setupClient: tally.watch,
  };
  const { latency, duration } = await new Promise<autocannon.Result>((resolve, reject) => {
    const run = start(settings, (error: unknown, result) => (error ? reject(error) : resolve(result)));
    const stop = () => run.stop();
    run.on('reqError', (error: Error) => tally.fail(error.message));
    run.on('tick', () => onTick(tally.answers(), tally.failures()));
    run.on('done', () => signal.removeEventListener('abort', stop));
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
  });
  const answers = tally.answers();
  return {
    answers,
    requestsPerSecond: answers / duration,
    latency: answers === 0 ? undefined : { p50Ms: latency.p50, p90Ms: latency.p90, p99Ms: latency.p99, maxMs: latency.max },
    ...tally.counts(),
    durationMs: Math.round(duration * 1_000),
    gaveUp: tally.hasGivenUp(),
  };
}

/**
 * Counts per connection, since autocannon's own result has no headers and no connections that were closed without an
 * answer.
 */
function openTally(maxErrors: number) {
  const statuses: Record<string, number> = {};
  const regions: Record<string, number> = {};
  const errors: Record<string, number> = {};
  let answers = 0;
  let sent = 0;
  const clients = new Set<autocannon.Client>();
  const count = (record: Record<string, number>, key: string) => {
    record[key] = (record[key] ?? 0) + 1;
  };
  let hasGivenUp = false;
  const failures = () => Object.values(errors).reduce((sum, each) => sum + each, 0);
  // One request per connection may be in flight.
  const lost = () => Math.max(0, sent - answers - failures() - clients.size);
  const giveUpInTime = () => {
    if (hasGivenUp || failures() + lost() < maxErrors + bailoutErrors) return;
    hasGivenUp = true;
    // autocannon's own bailout waits for the end of the second and reopens a broken connection immediately.
    for (const client of clients) destroy(client);
  };
  const fail = (reason: string) => {
    count(errors, reason);
    giveUpInTime();
  };

  const watch = (client: autocannon.Client) => {
    clients.add(client);
    let region = 'none';
    let bytes = 0;
    (client as NodeJS.EventEmitter).on('request', () => {
      sent++;
      giveUpInTime();
    });
    client.on('headers', (head: unknown) => {
      region = readRegion(head) ?? 'none';
      bytes = 0;
    });
    client.on('body', (chunk) => {
      bytes += chunk.length;
      if (bytes <= maxAnswerBytes) return;
      bytes = 0;
      fail(`an answer of more than ${maxAnswerBytes / 1_048_576} MiB`);
      destroy(client);
    });
    client.on('response', (status) => {
      answers++;
      count(statuses, String(status));
      count(regions, region);
    });
  };
  const counts = () => {
    const unanswered = lost();
    return { statuses, regions, errors: unanswered === 0 ? errors : { ...errors, 'closed without an answer': unanswered } };
  };
  return { watch, fail, counts, failures, answers: () => answers, hasGivenUp: () => hasGivenUp };
}

/** Closes one connection for good; autocannon's types lack it. */
function destroy(client: autocannon.Client): void {
  (client as autocannon.Client & { destroy(): void }).destroy();
}

/** The types promise an object of headers, but the parser gives names and values in turn. */
function readRegion(head: unknown): string | undefined {
  const headers = (head as { headers?: unknown }).headers;
  if (!Array.isArray(headers)) return undefined;
  const at = headers.findIndex((name, index) => index % 2 === 0 && String(name).toLowerCase() === 'x-region');
  return at < 0 ? undefined : String(headers[at + 1]);
}

/** Requests without an answer or with 5xx. */
export function countFailures({ statuses, errors }: Pick<LoadReport, 'statuses' | 'errors'>): number {
  const broken = Object.values(errors).reduce((sum, count) => sum + count, 0);
  const failed = Object.entries(statuses).reduce((sum, [status, count]) => sum + (status.startsWith('5') ? count : 0), 0);
  return broken + failed;
}

/** Rates, latency and counts. */
export function formatLoad(report: LoadReport, colour: boolean): string[] {
  const { answers, requestsPerSecond, latency, statuses, regions, errors, durationMs } = report;
  const number = (value: number) => value.toLocaleString('en', { maximumFractionDigits: 0 });
  const share = (count: number) => `${((100 * count) / answers).toFixed(1)}%`;
  const failures = countFailures(report);
  const rows = [
    ...Object.entries(statuses).map(([status, count]) => [
      'status',
      status.startsWith('5') ? paint(colour, 'red', status) : status,
      number(count),
      share(count),
    ]),
    ...Object.entries(regions).map(([region, count]) => ['x-region', region, number(count), share(count)]),
    ...Object.entries(errors).map(([reason, count]) => [paint(colour, 'red', 'error'), reason, number(count)]),
  ];
  return [
    `${number(answers)} answers in ${formatDuration(durationMs)}, ${number(requestsPerSecond)} a second`,
    ...(latency === undefined
      ? []
      : [`latency p50 ${latency.p50Ms} ms, p90 ${latency.p90Ms} ms, p99 ${latency.p99Ms} ms, max ${Math.round(latency.maxMs)} ms`]),
    ...(rows.length === 0 ? [] : ['', ...formatTable(rows, [2, 3])]),
    '',
    ...(report.gaveUp ? ['ended early: too many requests failed'] : []),
    failures === 0 ? 'no errors, no 5xx' : paint(colour, 'red', `${number(failures)} errors and 5xx`),
  ];
}
