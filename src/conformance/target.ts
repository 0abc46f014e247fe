import http, { type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import { setTimeout as sleepFor } from 'node:timers/promises';
import type { CallService } from '../aws/call-service.ts';
import type { ViewerAnswer, ViewerCall } from './conformance-case.ts';

/** AWS, or a local cloud that is asked in the same way. */
export interface ConformanceTarget {
  name: 'local' | 'aws';
  accountId: string;
  /** Of the two Lambda functions. */
  region: string;
  call: CallService;
  /** The account of the credentials now; undefined when there is no answer. */
  callerAccount?(): Promise<string | undefined>;
  /** A viewer's request to the distribution. */
  request(distribution: ThrowAwayDistribution, call: ViewerCall): Promise<ViewerAnswer>;
  sleep(ms: number): Promise<unknown>;
  /** Epoch milliseconds. */
  now(): number;
  pace: Pace;
  /** Ids of cases that it cannot answer. Default none. */
  leavesOut?: readonly string[];
}

/** How patient a run is. */
export interface Pace {
  /** Between two looks at something that AWS finishes. */
  pollMs: number;
  /** Until Deployed, enabled or disabled. */
  deployMs: number;
  /** Between two requests of a measurement, and the most of them. */
  sampleMs: number;
  maxSamples: number;
  /** Measurements of one kind. */
  rounds: number;
  /** Samples after the new value was first seen, for old values that return. */
  afterSamples: number;
}

export const awsPace: Pace = { pollMs: 10_000, deployMs: 15 * 60_000, sampleMs: 250, maxSamples: 600, rounds: 3, afterSamples: 80 };

export interface ThrowAwayDistribution {
  id: string;
  domain: string;
}

/** Where a distribution's viewers connect. */
export interface ViewerAddress {
  hostname: string;
  port: number;
  secure: boolean;
  headers?: Readonly<Record<string, string>>;
}

/** A real account. `call` and `request` are what tests replace. */
export function openAwsTarget(
  given: Pick<ConformanceTarget, 'accountId' | 'region' | 'call' | 'callerAccount'> &
    Partial<Pick<ConformanceTarget, 'request' | 'sleep' | 'pace'>>,
): ConformanceTarget {
  return {
    name: 'aws',
    request: ({ domain }, call) => {
      const secure = call.scheme !== 'http';
      return sendViewerCall({ hostname: domain, port: secure ? 443 : 80, secure }, call);
    },
    sleep: sleepFor,
    now: Date.now,
    pace: awsPace,
    ...given,
  };
}

const timeoutMs = 60_000;

export function sendViewerCall(address: ViewerAddress, call: ViewerCall): Promise<ViewerAnswer> {
  const { hostname, port, secure } = address;
  const { method = 'GET', body, upgrade = false } = call;
  const options: RequestOptions = {
    hostname,
    port,
    method,
    path: call.path,
    timeout: timeoutMs,
    headers: {
      ...address.headers,
      ...call.headers,
      ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
      ...(upgrade && {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      }),
    },
  };
  return new Promise((resolve, reject) => {
    const request = (secure ? https : http).request(options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve(toAnswer(response, text)));
      response.on('error', reject);
    });
    request.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve(toAnswer(response, ''));
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    request.on('error', reject);
    request.end(body);
  });
}

function toAnswer({ statusCode = 0, headers }: IncomingMessage, body: string): ViewerAnswer {
  const flat = Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]);
  return { status: statusCode, headers: Object.fromEntries(flat), body };
}
