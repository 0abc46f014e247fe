import type { LookupFunction, Socket } from 'node:net';
import { Client, type Dispatcher, errors } from 'undici';
import { cutText } from '../../kvs/cut-text.ts';
import { checkResponse, type ProbeFailure, type ResponseChecks } from './check-response.ts';
import { connectLikeEdge, type Phase } from './connect-like-edge.ts';

/** Bytes of a health endpoint's body that are read; one that sends more has failed. */
const maxBodyBytes = 65_536;

/** What to ask and how to get there: as CloudFront would on behalf of a viewer. */
export interface ProbeTarget {
  protocol: 'http' | 'https';
  /** The origin's DomainName in distribution.json. */
  domainName: string;
  port: number;
  /**
   * By which addresses CloudFront connects to the origin. Undefined: by whichever takes the connection, as a viewer
   * does.
   */
  ipAddressType?: 'ipv4' | 'ipv6' | 'dualstack';
  /**
   * Host header and SNI: the name that viewers use. The certificate must be good for it or for the DomainName, as with
   * CloudFront.
   */
  host: string;
  /** Path and query. */
  path: string;
  /** Further request headers: those that CloudFront adds for this origin. Default none. */
  headers?: Readonly<Record<string, string>>;
  /** The origin's region, for `{region}` in the checks. */
  region: string;
  checks: ResponseChecks;
  /** Until the connection is made, the TLS handshake included. */
  connectTimeoutMs: number;
  /** The whole probe, connecting included. */
  timeoutMs: number;
}

export interface ProbeOptions {
  /**
   * Connect here, without TLS for `http`, in place of the target's own address: how the local cloud's origins are
   * reached.
   */
  connectTo?: { host: string; port: number; protocol: 'http' | 'https' };
  /** Name resolution. Default: `resolveName`. */
  lookup?: LookupFunction;
  /** Which of the name's addresses is connected to, counted through all of them again and again. Default 0. */
  turn?: number;
  /** Default: `hasIpv6`. */
  canIpv6?: () => boolean;
  /** Trusted certificate authorities, PEM. Default: Node's. */
  ca?: string | Buffer;
  /** Ends the probe at once; what it returns then means nothing. */
  signal?: AbortSignal;
  /** Milliseconds on a clock that is never set. Default: performance.now. */
  monotonic?: () => number;
  /** Receives the connection once it is made, the TLS handshake included. */
  onConnect?: (socket: Socket) => void;
}

/** A whole answer, not yet judged. */
export interface HttpAnswer {
  status: number;
  /** Names in lower case. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
  /** From the first step to the last byte. */
  latencyMs: number;
}

/** What came instead of one. */
export interface NoAnswer {
  failure: ProbeFailure;
  /** Absent when no status line arrived. */
  status?: number;
  latencyMs: number;
}

export interface HttpProbeResult {
  ok: boolean;
  failure?: ProbeFailure;
  /** Absent when no status line arrived. */
  status?: number;
  /** From the first step to the last byte, or to the failure. */
  latencyMs: number;
}

/**
 * One HTTP health check on a connection of its own, so that it shows whether a new one can be made. Follows no
 * redirect. Never throws.
 */
export async function probe(target: ProbeTarget, options: ProbeOptions = {}): Promise<HttpProbeResult> {
  const exchanged = await exchange(target, options);
  const { status, latencyMs } = exchanged;
  const failure = 'failure' in exchanged ? exchanged.failure : checkResponse(exchanged, target.checks, target.region);
  return {
    ok: failure === undefined,
    ...(failure === undefined ? {} : { failure }),
    ...(status === undefined ? {} : { status }),
    latencyMs,
  };
}

/** The request of a probe, and its answer as it is. Never throws. */
export async function exchange(target: Omit<ProbeTarget, 'region' | 'checks'>, options: ProbeOptions = {}): Promise<HttpAnswer | NoAnswer> {
  const monotonic = options.monotonic ?? (() => performance.now());
  const startedAt = monotonic();
  const progress: Progress = { phase: 'dns' };
  // Neither AbortSignal.timeout nor AbortSignal.any: a process that probes for months must leave nothing behind on the
  // caller's signal.
  const stop = new AbortController();
  const end = () => stop.abort();
  const timer = setTimeout(end, target.timeoutMs);
  if (options.signal?.aborted) end();
  options.signal?.addEventListener('abort', end);
  const address = options.connectTo ?? { host: target.domainName, port: target.port, protocol: target.protocol };
  const client = new Client(`${address.protocol}://${target.domainName}:${target.port}`, {
    connect: connectLikeEdge(
      {
        ...address,
        names: [target.host, target.domainName],
        family: target.ipAddressType && families[target.ipAddressType],
        timeoutMs: target.connectTimeoutMs,
      },
      {
        ...options,
        signal: stop.signal,
        onPhase: (phase, ip) => {
          progress.phase = phase;
          progress.ip = ip;
        },
      },
    ),
    // The signal below is the one clock; undici's own count in coarse ticks.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const fail = (failure: ProbeFailure): NoAnswer => ({
    failure,
    ...(progress.status === undefined ? {} : { status: progress.status }),
    latencyMs: monotonic() - startedAt,
  });
  try {
    const response = await client.request({
      method: 'GET',
      path: target.path,
      headers: {
        ...target.headers,
        host: target.host,
        accept: 'application/json, */*;q=0.1',
        'accept-encoding': 'identity',
        'user-agent': 'edge-failover-probe',
      },
      reset: true,
      signal: stop.signal,
    });
    progress.status = response.statusCode;
    const body = await readBody(response.body);
    if (body === undefined) return fail({ class: 'body', detail: `the body has more than ${maxBodyBytes} bytes` });
    return { status: response.statusCode, headers: response.headers, body, latencyMs: monotonic() - startedAt };
  } catch (error) {
    return fail(stop.signal.aborted ? tooLate(progress, target) : classify(error, progress));
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', end);
    // Not close: that would wait for a body that never ends.
    client.destroy().catch(() => undefined);
  }
}

/** The body as text; undefined when it is too long, whatever it says then. */
async function readBody(body: Dispatcher.ResponseData['body']): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const families = { ipv4: 4, ipv6: 6, dualstack: 0 } as const;

interface Progress {
  phase: Phase;
  /** Where the connection goes. */
  ip?: string | undefined;
  status?: number;
}

/** Before the connection is made a failure, a timeout included, belongs to the step in which it happened. */
function tooLate({ phase, ip, status }: Progress, { timeoutMs }: Pick<ProbeTarget, 'timeoutMs'>): ProbeFailure {
  if (phase !== 'request') return { class: phase, detail: `no connection within ${timeoutMs} ms${ip === undefined ? '' : ` (${ip})`}` };
  return {
    class: 'timeout',
    detail: status === undefined ? `no answer within ${timeoutMs} ms` : `status ${status}, but no end within ${timeoutMs} ms`,
  };
}

function classify(error: unknown, { phase, status }: Progress): ProbeFailure {
  const detail = describe(error);
  if (phase !== 'request') return { class: phase, detail };
  if (status !== undefined) return { class: 'body', detail };
  // An answer that is not HTTP has no status; a connection that breaks under the request cannot be used.
  return { class: error instanceof errors.HTTPParserError ? 'status' : 'connect', detail };
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return cutText(String(error), 120);
  const code = (error as NodeJS.ErrnoException).code;
  const [first] = error instanceof AggregateError ? error.errors : [];
  if (first instanceof Error && error.message === '') return describe(first);
  // The class of the failure says "connect" already.
  const message = error.message.replace(/^connect (?=E[A-Z]+\b)/, '');
  return cutText(code === undefined || message.includes(code) ? message : `${code}: ${message}`, 120);
}
