import { confirmOnTerminal } from '../src/cli/ask-to-write.ts';
import { defineCommand } from '../src/cli/command.ts';
import type { Io } from '../src/cli/io.ts';
import { choice, country, duration, flag, integer, text, url } from '../src/cli/option.ts';
import { readLocalCloud } from '../src/config/local-cloud.ts';
import { EdgeError } from '../src/errors.ts';
import { countFailures, formatLoad } from '../src/load/load.ts';
import { loopbackLimits, planLoad, resolveTarget } from '../src/load/plan-load.ts';
import { wrapText } from '../src/text/terminal-text.ts';

export default defineCommand({
  usage: 'load -- <--local|--url url> [options]',
  summary:
    'Runs a bounded load test, and reports requests a second, latency, statuses and the answering regions. Loads this machine only; with --i-own-this it loads another one, with at most 20 connections, 1m and 200 requests a second.',
  examples: [
    'load -- --local',
    'load -- --local --country IN --path /api/x --method POST --body "{}"',
    'load -- --url http://127.0.0.1:3000/ --connections 50 --duration 30s',
    'load -- --url https://www.example.com/health --i-own-this --rate 20',
  ],
  options: {
    url: url('the URL to load'),
    path: text('path and query instead of the URL’s; / by default with --local', { placeholder: 'path' }),
    connections: integer('connections, one request at a time on each', {
      fallback: 10,
      min: 1,
      max: loopbackLimits.connections,
    }),
    duration: duration('length of the test in whole seconds; 10s by default', { fallback: 10_000, maxMs: loopbackLimits.durationMs }),
    rate: integer('requests a second over all connections; no limit by default, 50 with --i-own-this', {
      min: 1,
      max: 100_000,
    }),
    method: choice('the request’s method', ['GET', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'], {
      placeholder: 'method',
      fallback: 'GET' as const,
    }),
    body: text('the request’s body; sent as JSON when it parses as JSON', { placeholder: 'text' }),
    country: country('the viewer’s country, for the local edge only'),
    'max-errors': integer('errors and 5xx that are accepted', { fallback: 0, min: 0 }),
    'i-own-this': flag('the target is another machine that you own'),
    yes: flag('with --i-own-this: start without asking'),
    local: flag('load the edge of the running local cloud'),
  },
  main: async ({ values }, io) => {
    const target = await resolveTarget(await chooseUrl(values, io));
    const plan = planLoad(target, {
      ...values,
      durationMs: values.duration,
      requestsPerSecond: values.rate,
      isOwned: values['i-own-this'],
    });
    for (const line of wrapText(plan.summary, io.columns, 2)) io.stderr(line);
    if (!target.isLoopback && !values.yes && !(await confirmOnTerminal(io, 'Start?', 'sent', 'start'))) {
      io.stderr('nothing was sent');
      return 1;
    }
    // autocannon takes a tenth of a second to load, which a misused command need not wait for.
    const { runLoad } = await import('../src/load/load.ts');
    const report = await runLoad(target, plan.request, {
      ...plan,
      maxErrors: values['max-errors'],
      signal: io.signal,
      onTick: (answers, errors) => io.progress(`${answers} answers, ${errors} errors so far`),
    });
    const { method, connections } = values;
    io.result({ url: target.url.href, address: target.addresses[0], method, connections, ...report }, formatLoad(report, io.colour));
    if (io.signal.aborted) return 130;
    if (report.answers === 0) io.stderr('no request was answered');
    return report.answers === 0 || countFailures(report) > values['max-errors'] ? 1 : 0;
  },
});

async function chooseUrl({ url: given, local, path }: { url: string | undefined; local: boolean; path: string | undefined }, io: Io) {
  if ((given === undefined) === !local)
    throw new EdgeError('USAGE', local ? 'use either --url or --local' : 'a target is missing', {
      hint: '--local, or --url <url>',
    });
  if (path?.startsWith('/') === false)
    throw new EdgeError('USAGE', `--path must start with "/", got ${JSON.stringify(path)}`, { hint: '--path /api/orders' });
  const base = new URL(given ?? (await readLocalCloud(io.env)).edge);
  // Not new URL(path, base): a path that starts with two slashes would be another host.
  return path === undefined ? base : new URL(base.origin + path);
}
