import { EdgeError } from '../src/cli/errors.ts';
import type { Io } from '../src/cli/io.ts';
import { readLocalCloud } from '../src/cli/local-cloud.ts';
import { choice, duration, flag, integer, text, url } from '../src/cli/option.ts';
import { run } from '../src/cli/run.ts';
import { localCountryHeader } from '../src/operations/edge-view.ts';
import { countFailures, formatLoad } from '../src/operations/load/format-load.ts';
import { loopbackLimits, ownedLimits } from '../src/operations/load/load-limits.ts';
import { refuseTarget, resolveTarget } from '../src/operations/load/resolve-target.ts';

const defaults = { connections: 10, durationMs: 10_000, ownedRate: 50 };

await run({
  usage: 'load -- <--local|--url url> [options]',
  summary:
    'A load test with bounds: requests a second, latency, statuses and who answered. It loads this machine only; with --i-own-this something else, gently: at most 20 connections, 1m and 200 requests a second.',
  examples: [
    'load -- --local',
    'load -- --local --country IN --path /api/orders --method POST --body "{}"',
    'load -- --url http://127.0.0.1:3000/ --connections 50 --duration 30s --json',
    'load -- --url https://www.example.com/health --i-own-this --rate 20 --duration 10s',
  ],
  options: {
    url: url('what to load'),
    path: text('path and query in place of the URL’s; / by default with --local', { placeholder: 'path' }),
    connections: integer('connections, one request at a time on each', {
      fallback: defaults.connections,
      min: 1,
      max: loopbackLimits.connections,
    }),
    duration: duration('how long, in whole seconds; 10s by default', { fallback: defaults.durationMs, maxMs: loopbackLimits.durationMs }),
    rate: integer('requests a second over all connections; as many as they carry by default, 50 with --i-own-this', {
      min: 1,
      max: 100_000,
    }),
    method: choice('the request’s method', ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'], {
      placeholder: 'method',
      fallback: 'GET' as const,
    }),
    body: text('the request’s body; JSON unless it is something else', { placeholder: 'text' }),
    country: text('the viewer’s country, which the local edge believes', { placeholder: 'code' }),
    'max-errors': integer('so many errors and 5xx are all right', { fallback: 0, min: 0 }),
    'i-own-this': flag('the target is not this machine, and it is yours'),
    yes: flag('with --i-own-this: start without asking'),
    local: flag('the edge of the running local cloud'),
  },
  main: async ({ values }, io) => {
    const { method, body, connections } = values;
    const country = parseCountry(values.country);
    if (values.duration % 1_000 !== 0)
      throw new EdgeError('USAGE', `--duration takes whole seconds, found ${values.duration} ms`, { hint: '--duration 5s' });
    if (body !== undefined && (method === 'GET' || method === 'HEAD'))
      throw new EdgeError('USAGE', `a ${method} has no body`, { hint: '--method POST' });
    const target = await resolveTarget(await chooseUrl(values, io));
    if (!target.isLoopback && !values['i-own-this']) throw refuseTarget(target);
    if (country !== undefined && !target.isLoopback)
      throw new EdgeError('USAGE', '--country is for the local edge: a real one places viewers by their address', { hint: 'leave it out' });
    const limits = target.isLoopback ? loopbackLimits : ownedLimits;
    const rate = values.rate ?? (target.isLoopback ? undefined : defaults.ownedRate);
    checkLimits({ connections, durationMs: values.duration, rate }, limits);
    const seconds = values.duration / 1_000;
    const pace = rate === undefined ? 'as fast as it answers' : `at most ${rate} requests a second`;
    const plan = `${method} ${target.url.href} (${target.addresses[0]}), ${connections} connections for ${seconds} s, ${pace}`;
    io.stderr(plan);
    if (!target.isLoopback && !(await confirm(values.yes, io))) {
      io.stderr('nothing was sent');
      return 1;
    }
    const headers = {
      ...(body === undefined ? {} : { 'content-type': isJson(body) ? 'application/json' : 'text/plain' }),
      ...(country === undefined ? {} : { [localCountryHeader]: country }),
    };
    // autocannon takes a tenth of a second to load, which a misused command need not wait for.
    const { runLoad } = await import('../src/operations/load/run-load.ts');
    const report = await runLoad(
      target,
      { method, headers, body },
      {
        connections,
        durationMs: values.duration,
        requestsPerSecond: rate,
        maxErrors: values['max-errors'],
        signal: io.signal,
        onTick: (answers, errors) => io.progress(`${seconds} s: ${answers} answers, ${errors} errors so far`),
      },
    );
    io.result({ url: target.url.href, address: target.addresses[0], method, connections, ...report }, formatLoad(report, io.colour));
    if (io.signal.aborted) return 130;
    if (report.answers === 0) io.stderr('nothing answered');
    return report.answers === 0 || countFailures(report) > values['max-errors'] ? 1 : 0;
  },
});

function parseCountry(given: string | undefined): string | undefined {
  const code = given?.toUpperCase();
  if (code === undefined || /^[A-Z]{2}$/.test(code)) return code;
  throw new EdgeError('USAGE', `--country takes two letters, found ${JSON.stringify(given)}`, { hint: 'ISO 3166-1 alpha-2: IN, DE, US' });
}

async function chooseUrl({ url: given, local, path }: { url: string | undefined; local: boolean; path: string | undefined }, io: Io) {
  if ((given === undefined) === !local)
    throw new EdgeError('USAGE', local ? '--url and --local exclude each other' : 'what is to be loaded?', {
      hint: '--local, or --url <url>',
    });
  if (path?.startsWith('/') === false)
    throw new EdgeError('USAGE', `--path starts with a "/", found ${JSON.stringify(path)}`, { hint: '--path /api/orders' });
  const base = new URL(given ?? (await readLocalCloud(io.env)).edge);
  // Not new URL(path, base): a path that starts with two slashes would be another host.
  return path === undefined ? base : new URL(base.origin + path);
}

function checkLimits(
  asked: { connections: number; durationMs: number; rate: number | undefined },
  limits: typeof loopbackLimits | typeof ownedLimits,
): void {
  const problem =
    asked.connections > limits.connections
      ? `at most ${limits.connections} connections`
      : asked.durationMs > limits.durationMs
        ? `at most ${limits.durationMs / 1_000} s`
        : (asked.rate ?? 0) > (limits.requestsPerSecond ?? Number.POSITIVE_INFINITY)
          ? `at most ${limits.requestsPerSecond} requests a second`
          : undefined;
  if (problem !== undefined)
    throw new EdgeError('USAGE', `on what is not this machine: ${problem}`, {
      hint: 'more than that belongs into a load test that was agreed upon',
    });
}

async function confirm(yes: boolean, io: Io): Promise<boolean> {
  if (yes) return true;
  if (!io.isTerminal)
    throw new EdgeError('USAGE', 'there is no terminal to ask for a yes, so nothing was sent', { hint: '--yes starts without asking' });
  return io.confirm('Start?');
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
