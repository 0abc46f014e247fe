import { request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { healthKey } from '../../kvs/keys.ts';
import { storedKey } from '../../kvs/reserved-keys.ts';
import type { EdgeRequestRecord } from '../../local/edge/exchange.ts';
import { originFaults, parseOriginFault } from '../../local/origin/origin-fault.ts';
import type { LocalCloud } from '../../src/config/local-cloud.ts';
import { aliasOf, refuseUnknownOrigin } from '../../src/config/origin-names.ts';
import { buildFlipPolicy } from '../../src/config/services.ts';
import { type Flip, FlipRefused, flipKeys, planFlip } from '../../src/core/flip.ts';
import { effectiveWeights, parseLiveRecord } from '../../src/core/live-record.ts';
import type { Verdict } from '../../src/core/state-record.ts';
import { EdgeError } from '../../src/errors.ts';
import { runFlipper } from '../../src/flipper/flipper.ts';
import type { FlipperEvent } from '../../src/flipper/flipper-event.ts';
import type { CloudTools, HostedCloud, HostSettings } from './hosted-cloud.ts';

interface SentRequest {
  path: string;
  method: string;
  /** By name in lower case. */
  headers: Readonly<Record<string, string>>;
  body: Uint8Array | undefined;
  timeoutMs: number;
}

interface ReceivedAnswer {
  status: number;
  statusText: string;
  headers: [string, string][];
  body: Uint8Array;
  /** Aliases of the origins that were tried. */
  tried: string[];
  /** Why the edge answered, or went on to the second origin. */
  reason: string | undefined;
}

interface LoggedEvent {
  event: FlipperEvent;
  at: number;
}

/** What a caller in another thread may ask for. Arguments and results are plain data. */
export interface Host {
  readonly description: LocalCloud;
  send(request: SentRequest): Promise<ReceivedAnswer>;
  setFault(origin: string, fault: string): Promise<void>;
  write(flip: Flip, reason: string): Promise<string>;
  /** The record in the store, and the one that the edge reads. */
  record(): Promise<{ written: string; atEdge: string }>;
  /** Milliseconds until the edge reads this weight. NOT_READY after `timeoutMs`. */
  untilWeight(origin: string, weight: number, timeoutMs: number): Promise<number>;
  events(): readonly LoggedEvent[];
  close(): Promise<void>;
}

const pollMs = 10;
/** Requests whose record nothing asks for. */
const maxRecords = 10_000;
const maxEvents = 10_000;
const provenWithinMs = 20_000;

/** Opens the cloud and, if wanted, a flipper that has found every origin healthy. Leaves nothing open when it fails. */
export async function openHost(settings: HostSettings, log: (line: string) => void): Promise<Host> {
  const { config } = settings;
  const origins = Object.keys(config.origins);
  const records = new Map<string, EdgeRequestRecord>();
  const onRequest = (record: EdgeRequestRecord) => {
    records.set(record.id, { ...record, origins: record.origins.map((id) => aliasOf(config.origins, id)) });
    const [oldest] = records.keys();
    if (records.size > maxRecords && oldest !== undefined) records.delete(oldest);
  };
  const cloud = await openCloud(settings, { onRequest, log });
  const events: LoggedEvent[] = [];
  const verdicts = new Map<string, Verdict>();
  const stop = new AbortController();
  let failure: unknown;
  const flipper = settings.flipper ? start() : undefined;
  flipper?.catch((error: unknown) => {
    failure = error;
  });

  async function start(): Promise<void> {
    await runFlipper({
      mode: 'watch',
      shadow: false,
      by: 'flipper@local',
      policy: buildFlipPolicy(config),
      signals: cloud.signals,
      store: cloud.store,
      signal: stop.signal,
      log: (event, at) => {
        if (event.event === 'verdict') verdicts.set(event.origin, event.to);
        if (event.event === 'probe') return;
        events.push({ event, at });
        if (events.length > maxEvents) events.shift();
      },
    });
  }

  const close = async (): Promise<void> => {
    stop.abort();
    // What ended it has been reported to the caller that waited for it.
    await flipper?.catch(() => undefined);
    await cloud.close();
  };
  const known = (origin: string): string => {
    refuseUnknownOrigin(origin, origins);
    return origin;
  };
  const recordAtEdge = () => cloud.edge.replica.read(cloud.storeArn, 0)?.values.get(storedKey(healthKey, config.keyPrefix)) ?? 'ok';
  const weightsAtEdge = () => effectiveWeights(parseLiveRecord(new Map([[healthKey, recordAtEdge()]]), Date.now(), origins));
  const until = async (what: () => string, isDone: () => boolean, timeoutMs: number): Promise<number> => {
    const startedAt = performance.now();
    while (!isDone()) {
      if (failure !== undefined) throw failure;
      if (stop.signal.aborted) throw new EdgeError('LOCAL_CLOUD_ABSENT', 'this local cloud was closed meanwhile');
      if (performance.now() - startedAt > timeoutMs) throw new EdgeError('NOT_READY', what());
      await sleep(pollMs);
    }
    return Math.round(performance.now() - startedAt);
  };
  const describeVerdicts = () => origins.map((id) => `${id} ${verdicts.get(id) ?? 'unknown'}`).join(', ');

  const host: Host = {
    description: cloud.description,
    async send(request) {
      const answer = await sendRequest(cloud, request);
      const id = answer.headers.find(([name]) => name === 'x-amz-cf-id')?.[1];
      // What is not HTTP to the edge has no record.
      if (id === undefined) return { ...answer, tried: [], reason: 'the edge could not read the request' };
      // The edge reports a request when its connection has ended, which may be a moment after the answer has.
      await until(
        () => `the edge made no record of ${request.method} ${request.path}`,
        () => records.has(id),
        5_000,
      );
      const { origins: tried, reason } = records.get(id) as EdgeRequestRecord;
      records.delete(id);
      return { ...answer, tried, reason };
    },
    async setFault(origin, text) {
      const fault = parseOriginFault(text);
      if (fault === undefined)
        throw new EdgeError('USAGE', `unknown fault ${JSON.stringify(text)}`, {
          hint: `faults: ${originFaults.join(', ')}, also slow:<ms> and 5xx:<status>`,
        });
      await cloud.setFault(known(origin), fault);
    },
    async write(flip, reason) {
      const at = Date.now();
      const { written } = await cloud.store.update(flipKeys, (snapshot) =>
        planned(() => planFlip(snapshot, flip, { at, reason, by: 'test', origins })),
      );
      const { values } = await cloud.store.read([healthKey]);
      return written?.puts.find(({ key }) => key === healthKey)?.value ?? values.get(healthKey) ?? 'ok';
    },
    async record() {
      const { values } = await cloud.store.read([healthKey]);
      return { written: values.get(healthKey) ?? 'ok', atEdge: recordAtEdge() };
    },
    untilWeight(origin, weight, timeoutMs) {
      known(origin);
      const what = () =>
        `the edge did not read ${origin}=${weight} within ${timeoutMs} ms: it reads ${recordAtEdge()}${settings.flipper ? `; verdicts: ${describeVerdicts()}` : ''}`;
      return until(what, () => (weightsAtEdge()[origin] ?? 100) === weight, timeoutMs);
    },
    events: () => events,
    close,
  };
  if (!settings.flipper) return host;
  try {
    const isProven = () => origins.every((id) => verdicts.get(id) === 'healthy');
    await until(
      () => `the flipper did not find every origin healthy within ${provenWithinMs} ms: ${describeVerdicts()}`,
      isProven,
      provenWithinMs,
    );
    return host;
  } catch (error) {
    await close();
    throw error;
  }
}

/** Loaded by kind: the AWS SDK takes longer to load than a whole harness to start. */
async function openCloud(settings: HostSettings, tools: CloudTools): Promise<HostedCloud> {
  if (settings.kind === 'harness') return (await import('./light-cloud.ts')).openLightCloud(settings, tools);
  return (await import('./full-cloud.ts')).openFullCloud(settings, tools);
}

function planned<T>(plan: () => T): T {
  try {
    return plan();
  } catch (error) {
    if (!(error instanceof FlipRefused)) throw error;
    throw new EdgeError(error.code, error.message, error.hint === undefined ? {} : { hint: error.hint });
  }
}

function sendRequest(
  { edge: { port }, description }: HostedCloud,
  { path, method, headers, body, timeoutMs }: SentRequest,
): Promise<Omit<ReceivedAnswer, 'tried' | 'reason'>> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) =>
      reject(new EdgeError('ENDPOINT_UNREACHABLE', `${method} ${path} got no answer from the local edge: ${cause.message}`, { cause }));
    const signal = AbortSignal.timeout(timeoutMs);
    const all = { host: description.env['VIEWER_DOMAIN'], ...headers };
    const request = httpRequest({ host: '127.0.0.1', port, path, method, headers: all, signal }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', fail);
      response.on('end', () => {
        const raw = response.rawHeaders;
        const pairs = Array.from({ length: raw.length / 2 }, (_, at): [string, string] => [
          (raw[2 * at] ?? '').toLowerCase(),
          raw[2 * at + 1] ?? '',
        ]);
        resolve({
          status: response.statusCode ?? 0,
          statusText: response.statusMessage ?? '',
          headers: pairs,
          body: Buffer.concat(chunks),
        });
      });
    });
    request.on('error', fail);
    request.end(body);
  });
}
