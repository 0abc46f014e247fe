import { openOriginApp } from './origin-app.ts';
import { type OriginServer, openOriginServer } from './origin-server.ts';
import { openReachability } from './reachability.ts';
import { describeRequest } from './request-line.ts';
import { sendEcho } from './send-echo.ts';
import { describeSettings, parseSettings, type Settings, type UpstreamSettings } from './settings.ts';
import { checkUpstream, openUpstreamClient } from './upstream-client.ts';

// The origin as a process; docs/origin.md has its settings. With SIGTERM's drain it must fit into the stopTimeout of
// ECS, 30 s unless set.
const graceMs = 10_000;

function log(level: 'info' | 'warn' | 'error', fields: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, ...fields })}\n`);
}

async function main(): Promise<void> {
  const parsed = parseSettings(process.env);
  if ('problems' in parsed) {
    for (const problem of parsed.problems) log('error', { event: 'refused-to-start', problem });
    process.exitCode = 1;
    return;
  }
  const { settings } = parsed;
  const server = await openServer(settings);
  // Before the log line: a supervisor may answer it with a signal at once.
  stopOnSignals(server, settings.drainMs);
  log('info', { event: 'listening', ...describeSettings({ ...settings, port: server.port }) });
}

function openServer({ host, port, region, verifySecret, publicHealth, upstream }: Settings): Promise<OriginServer> {
  const app = openOriginApp({
    region,
    verifySecret,
    publicHealth,
    accessible: upstream && openAccessible(upstream, region),
    serve: (request, response) => sendEcho(request, response, { region }),
    onError: (error) => log('error', { event: 'failed', error: error instanceof Error ? error.stack : String(error) }),
  });
  return openOriginServer({
    host,
    port,
    app,
    onRequest: (request, response) => {
      const begun = performance.now();
      response.once('close', () => {
        const answered = { request, status: response.statusCode, tookMs: performance.now() - begun, isBroken: !response.writableFinished };
        log('info', describeRequest(answered));
      });
    },
  });
}

function openAccessible(upstream: UpstreamSettings, region: string) {
  const field = `${upstream.name}_accessible`;
  const client = openUpstreamClient({ ...upstream, region });
  const reachability = openReachability({
    check: () => checkUpstream(client, upstream.healthPath),
    now: () => performance.now(),
    onChange: (problem) => log(problem === undefined ? 'info' : 'warn', { event: 'upstream', [field]: problem === undefined, problem }),
  });
  // Asked now, so that the load balancer's first health check need not wait for it.
  void reachability.read();
  return { field, read: reachability.read };
}

/**
 * The first signal stops in good order, without the drain for Ctrl-C: no load balancer sends viewers to a terminal. A
 * second one ends at once.
 */
function stopOnSignals(server: OriginServer, drainMs: number): void {
  let isStopping = false;
  const stop = async (signal: 'SIGTERM' | 'SIGINT') => {
    if (isStopping) process.exit(signal === 'SIGTERM' ? 143 : 130);
    isStopping = true;
    log('info', { event: 'draining', signal });
    const cut = await server.stop({ drainMs: signal === 'SIGTERM' ? drainMs : 0, graceMs });
    log(cut === 0 ? 'info' : 'warn', { event: 'stopped', cut });
    process.exit(cut === 0 ? 0 : 1);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

main().catch((error: NodeJS.ErrnoException) => {
  // Bad luck of the machine, such as a port that is taken, has a code and needs no stack.
  log('error', { event: 'refused-to-start', problem: error.code === undefined ? error.stack : error.message });
  process.exit(1);
});
