import { createHash } from 'node:crypto';
import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { checkSyntax } from '../src/edge/gate/check-syntax.ts';
import { checkCodeSize } from '../src/edge/gate/gate.ts';
import { EdgeError } from '../src/errors.ts';
import { type Edge, openEdge } from './edge/edge.ts';
import type { UnservedPart } from './edge/edge-plan.ts';
import type { EdgeRequestRecord } from './edge/exchange.ts';
import { type CustomPolicies, noPolicies } from './edge/policies.ts';
import type { Propagation } from './edge/replica.ts';
import { openReferenceOrigin, type ReferenceOrigin } from './origin/reference-origin.ts';
import type { Published, PublishedChange, PublishedFunction } from './published.ts';
import { type OriginMap, resolveOnLoopback } from './resolve-on-loopback.ts';
import { type Engine, openEngine } from './runtime/engine.ts';

export type EventType = 'viewer-request' | 'viewer-response';

export interface FileEdgeOptions {
  /** The code by event type. Throws GATE_REFUSED when one is larger than CloudFront allows. */
  functions: Readonly<Partial<Record<EventType, string>>>;
  /** Addresses for further names. They come before the distribution's own and `*.localhost`. */
  origins?: OriginMap;
  /** The keys of the functions' store; undefined associates none. */
  keys: ReadonlyMap<string, string> | undefined;
  /** All its behaviors get the functions, in place of their own. */
  distribution: DistributionConfig;
  /** 0 is any free one. The origins always get free ones. */
  port: number;
  propagation?: Partial<Propagation>;
  /** The account's own policies. */
  policies?: CustomPolicies;
  /** Parts of the distribution to leave out instead of refusing it. */
  without?: ReadonlySet<UnservedPart>;
  onRequest?: (record: EdgeRequestRecord) => void;
  log?: (line: string) => void;
  /** Default workerd. */
  engine?: Engine;
  /** The path of njs, for the engines that use it. */
  njs?: string | undefined;
}

export interface FileEdge {
  edge: Edge;
  /** A reference origin for each origin of the distribution. */
  origins: Readonly<Record<string, ReferenceOrigin>>;
  /** Replaces a function at once. Throws GATE_REFUSED when it is too large and keeps the last one. */
  setCode(eventType: EventType, code: string): void;
  /** Replaces the store's keys. They reach the edge after the propagation delay. */
  setKeys(keys: ReadonlyMap<string, string>): void;
  close(): Promise<void>;
}

const distributionId = 'EFILEEDGE';
const arnOf = (eventType: EventType) => `arn:aws:cloudfront::111122223333:function/${eventType}`;
const storeArn = 'arn:aws:cloudfront::111122223333:key-value-store/00000000-0000-4000-8000-000000000000';

/**
 * Opens a local edge that runs functions from files in front of a distribution's behaviors, without a control plane.
 */
export async function openFileEdge(options: FileEdgeOptions): Promise<FileEdge> {
  const listeners = new Set<(change: PublishedChange) => void>();
  const notify = (change: PublishedChange) => {
    for (const listener of listeners) listener(change);
  };
  let { keys } = options;
  const functions = new Map<string, PublishedFunction>();
  const setCode = (eventType: EventType, code: string) => {
    checkBytes(code);
    const arn = arnOf(eventType);
    const sha256 = createHash('sha256').update(code).digest('hex');
    functions.set(arn, { arn, name: eventType, runtime: 'cloudfront-js-2.0', code, sha256, keyValueStoreArn: keys && storeArn });
    notify({ kind: 'function', arn });
  };
  const eventTypes = (['viewer-request', 'viewer-response'] as const).filter((eventType) => options.functions[eventType] !== undefined);
  for (const eventType of eventTypes) setCode(eventType, options.functions[eventType] ?? '');
  const config = attach(options.distribution, eventTypes);
  const published: Published = {
    distribution: () => config,
    liveFunction: (arn) => functions.get(arn),
    store: () => keys,
    policies: () => options.policies ?? noPolicies,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };

  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const origins: Record<string, ReferenceOrigin> = {};
    const ports = new Map<string, number>();
    for (const { Id = '', DomainName = '', CustomHeaders } of config.Origins?.Items ?? []) {
      const region = CustomHeaders?.Items?.find(({ HeaderName }) => HeaderName?.toLowerCase() === 'x-region')?.HeaderValue ?? 'local';
      const origin = await openReferenceOrigin({ region });
      closers.push(() => origin.close());
      origins[Id] = origin;
      ports.set(DomainName, origin.port);
    }
    const runtime = await openEngine({
      engine: options.engine ?? 'workerd',
      njs: options.njs,
      checkSyntax,
      ...(options.log && { log: options.log }),
    });
    closers.push(() => runtime.close());
    const edge = await openEdge({
      port: options.port,
      distributionId,
      published,
      runtime,
      resolveOrigin: (domainName, port, protocol) => resolveOnLoopback(ports.get(domainName), domainName, port, protocol, options.origins),
      without: options.without,
      ...(options.propagation && { propagation: options.propagation }),
      ...(options.onRequest && { onRequest: options.onRequest }),
    });
    closers.push(() => edge.close());
    return {
      edge,
      origins,
      close,
      setCode,
      setKeys(next) {
        keys = next;
        notify({ kind: 'store', arn: storeArn });
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Publishing refuses it with FunctionSizeLimitExceeded. */
function checkBytes(code: string): void {
  const [problem] = checkCodeSize(code);
  if (problem === undefined) return;
  throw new EdgeError('GATE_REFUSED', `the function has ${problem.found}`, { hint: problem.instead });
}

function attach(distribution: DistributionConfig, eventTypes: readonly EventType[]): DistributionConfig {
  const Items = eventTypes.map((eventType) => ({ EventType: eventType, FunctionARN: arnOf(eventType) }));
  const FunctionAssociations = { Quantity: Items.length, Items };
  const others = distribution.CacheBehaviors?.Items?.map((behavior) => ({ ...behavior, FunctionAssociations }));
  return {
    ...distribution,
    DefaultCacheBehavior: { ...distribution.DefaultCacheBehavior, FunctionAssociations } as DistributionConfig['DefaultCacheBehavior'],
    ...(others && { CacheBehaviors: { Quantity: others.length, Items: others } }),
  };
}
