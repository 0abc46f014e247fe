import http, { type IncomingHttpHeaders } from 'node:http';
import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { type Edge, type EdgeOptions, openEdge } from '../../../local/edge/edge.ts';
import type { EdgeRequestRecord } from '../../../local/edge/exchange.ts';
import { type CustomPolicies, noPolicies } from '../../../local/edge/policies.ts';
import { openReferenceOrigin, type ReferenceOrigin } from '../../../local/origin/reference-origin.ts';
import type { Published, PublishedChange, PublishedFunction, PublishedStaging } from '../../../local/published.ts';
import type { FunctionRuntime, RawRun, RunInput } from '../../../src/edge/execution.ts';
import { judgeRun } from '../../../src/edge/judge/judge.ts';

export const functionArn = 'arn:aws:cloudfront::123456789012:function/router';
export const responseFunctionArn = 'arn:aws:cloudfront::123456789012:function/after';
export const storeArn = 'arn:aws:cloudfront::123456789012:key-value-store/health';
export const cachingDisabled = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad';
export const cachingOptimized = '658327ea-f89d-4fab-a63d-7e88639e58f6';
const allViewerAndCloudFront = '33f36d7e-f396-46d9-90e0-52428a34d9dc';

/** What a handler of these tests gets beside its event. */
interface TestCloudFront {
  get(key: string): string;
  select(originId: string, overrides?: object): void;
  group(originIds: [string, string], statusCodes: number[]): void;
  call(helper: string, ...args: unknown[]): void;
  edgeLocation: RunInput['edgeLocation'];
}

// biome-ignore lint/suspicious/noExplicitAny: a handler takes its event apart as untyped JavaScript does
export type TestHandler = (event: any, cf: TestCloudFront) => unknown;

/**
 * Replaces the edge's function runtime: the handler is a function of this process, the event a copy, and what it
 * returns is judged as the real one does.
 */
export function openTestRuntime(handlers: Record<string, TestHandler>): FunctionRuntime {
  return {
    async run(input) {
      const { source, event, store, edgeLocation } = input;
      const raw: RawRun = { output: undefined, calls: [], reads: [], logs: [], droppedLogArguments: 0 };
      const cf: TestCloudFront = {
        get(key) {
          raw.reads.push(key);
          const value = store?.values.get(key);
          if (store?.failReads === true || value === undefined) throw new Error(`no value for ${key}`);
          return value;
        },
        select: (originId, overrides) => cf.call('selectRequestOriginById', originId, overrides),
        group: (originIds, statusCodes) =>
          cf.call('createRequestOriginGroup', {
            originIds: originIds.map((originId) => ({ originId })),
            failoverCriteria: { statusCodes },
          }),
        call: (helper, ...args) => void raw.calls.push([helper, args]),
        edgeLocation,
      };
      try {
        const output = await handlers[source.code]?.(JSON.parse(JSON.stringify(event)), cf);
        raw.output = output === undefined ? undefined : JSON.parse(JSON.stringify(output));
      } catch (error) {
        raw.failure = (error as Error).message;
      }
      return judgeRun(input, raw);
    },
    async close() {},
  };
}

/** A control plane of three maps. */
export class TestPublished implements Published {
  readonly distributions = new Map<string, DistributionConfig>();
  readonly functions = new Map<string, PublishedFunction>();
  readonly stores = new Map<string, ReadonlyMap<string, string>>();
  readonly #listeners = new Set<(change: PublishedChange) => void>();

  distribution = (id: string) => this.distributions.get(id);
  own = noPolicies;
  policies = () => this.own;
  stagings = new Map<string, PublishedStaging>();
  staging = (id: string) => this.stagings.get(id);
  liveFunction = (arn: string) => this.functions.get(arn);
  store = (arn: string) => this.stores.get(arn);
  subscribe(listener: (change: PublishedChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  put(arn: string, values: Record<string, string>): void {
    this.stores.set(arn, new Map([...(this.stores.get(arn) ?? []), ...Object.entries(values)]));
    this.#tell({ kind: 'store', arn });
  }

  publish(arn: string, code: string): void {
    this.functions.set(arn, { arn, name: 'router', runtime: 'cloudfront-js-2.0', code, sha256: code, keyValueStoreArn: storeArn });
    this.#tell({ kind: 'function', arn });
  }

  deploy(id: string, config: DistributionConfig): void {
    this.distributions.set(id, config);
    this.#tell({ kind: 'distribution', id });
  }

  /** Sends part of a distribution's requests to another one, or none. */
  stage(primaryId: string, staging: PublishedStaging | undefined): void {
    if (staging === undefined) this.stagings.delete(primaryId);
    else this.stagings.set(primaryId, staging);
    this.#tell({ kind: 'distribution', id: primaryId });
  }

  #tell(change: PublishedChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}

type BehaviorPart = Partial<NonNullable<DistributionConfig['DefaultCacheBehavior']>>;

/** A distribution over two origins. */
export function testDistribution(part: Partial<DistributionConfig> = {}, behavior: BehaviorPart = {}): DistributionConfig {
  const origin = (id: string, region: string) => ({
    Id: id,
    DomainName: `${id}.example.test`,
    ConnectionAttempts: 1,
    ConnectionTimeout: 10,
    CustomHeaders: {
      Quantity: 2,
      Items: [
        { HeaderName: 'X-Region', HeaderValue: region },
        { HeaderName: 'x-origin-verify', HeaderValue: 'secret' },
      ],
    },
    CustomOriginConfig: {
      HTTPPort: 80,
      HTTPSPort: 443,
      OriginProtocolPolicy: 'https-only' as const,
      OriginReadTimeout: 30,
      OriginKeepaliveTimeout: 5,
    },
  });
  return {
    CallerReference: 'test',
    Comment: '',
    Enabled: true,
    Origins: { Quantity: 2, Items: [origin('singapore', 'ap-southeast-1'), origin('europe', 'eu-central-1')] },
    DefaultCacheBehavior: {
      TargetOriginId: 'singapore',
      ViewerProtocolPolicy: 'redirect-to-https',
      AllowedMethods: { Quantity: 7, Items: ['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'POST', 'DELETE'] },
      CachePolicyId: cachingDisabled,
      OriginRequestPolicyId: allViewerAndCloudFront,
      FunctionAssociations: { Quantity: 1, Items: [{ EventType: 'viewer-request', FunctionARN: functionArn }] },
      ...behavior,
    },
    ...part,
  };
}

/**
 * The same with an impatience for singapore that CloudFront does not allow, so that no test waits a second for a
 * timeout that is hit. An origin that must answer in time under it needs more than the default: tests run on busy
 * machines.
 */
export function hasty(distribution: DistributionConfig, seconds = 0.2): DistributionConfig {
  for (const origin of distribution.Origins?.Items ?? []) {
    if (origin.Id !== 'singapore') continue;
    origin.ConnectionTimeout = seconds;
    if (origin.CustomOriginConfig !== undefined) origin.CustomOriginConfig.OriginReadTimeout = seconds;
  }
  return distribution;
}

export interface TestEdge {
  edge: Edge;
  published: TestPublished;
  singapore: ReferenceOrigin;
  europe: ReferenceOrigin;
  records: EdgeRequestRecord[];
  request(path: string, options?: TestRequest): Promise<TestReply>;
  close(): Promise<void>;
}

export interface TestRequest {
  method?: string;
  headers?: Record<string, string | string[]>;
  body?: string;
}

export interface TestReply {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Two reference origins and an edge before them, with `handler` as the function of every behavior. */
export async function openTestEdge({
  distribution = testDistribution(),
  handler = (event) => event.request,
  responseHandler,
  policies,
  ...options
}: {
  distribution?: DistributionConfig;
  handler?: TestHandler;
  responseHandler?: TestHandler;
  policies?: CustomPolicies;
} & Partial<EdgeOptions> = {}): Promise<TestEdge> {
  const singapore = await openReferenceOrigin({ region: 'ap-southeast-1' });
  const europe = await openReferenceOrigin({ region: 'eu-central-1' });
  const published = new TestPublished();
  if (policies !== undefined) published.own = policies;
  published.deploy('E2TEST', distribution);
  published.publish(functionArn, 'handler');
  if (responseHandler !== undefined) published.publish(responseFunctionArn, 'responseHandler');
  published.put(storeArn, { health: 'ok' });
  const records: EdgeRequestRecord[] = [];
  const ports: Record<string, number> = { 'singapore.example.test': singapore.port, 'europe.example.test': europe.port };
  const edge = await openEdge({
    distributionId: 'E2TEST',
    published,
    runtime: openTestRuntime({ handler, ...(responseHandler && { responseHandler }) }),
    resolveOrigin: (name) => ({ host: '127.0.0.1', port: ports[name] ?? 1, protocol: 'http' }),
    propagation: { delayMs: 0 },
    onRequest: (record) => records.push(record),
    ...options,
  });
  return {
    edge,
    published,
    singapore,
    europe,
    records,
    request: (path, request) => sendRequest(edge.port, path, request),
    async close() {
      await edge.close();
      await Promise.all([singapore.close(), europe.close()]);
    },
  };
}

/** One request on a connection of its own, the path written unchanged. */
export function sendRequest(port: number, path: string, { method = 'GET', headers = {}, body }: TestRequest = {}): Promise<TestReply> {
  return new Promise((resolve, reject) => {
    const framing = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const request = http.request(
      { host: '127.0.0.1', port, path, method, headers: { ...framing, ...headers }, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}
