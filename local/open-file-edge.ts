import { createHash } from 'node:crypto';
import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { checkSyntax } from '../src/edge/gate/check-syntax.ts';
import type { EdgeRequestRecord } from './edge/edge-request-record.ts';
import { type Edge, openEdge } from './edge/open-edge.ts';
import type { Propagation } from './edge/replica.ts';
import { openReferenceOrigin, type ReferenceOrigin } from './origin/reference-origin.ts';
import type { Published, PublishedChange } from './published.ts';
import { resolveOnLoopback } from './resolve-on-loopback.ts';
import { openFunctionRuntime } from './runtime/function-runtime.ts';

export interface FileEdgeOptions {
  code: string;
  eventType: 'viewer-request' | 'viewer-response';
  /** The keys of the function's store; undefined associates none. */
  keys: ReadonlyMap<string, string> | undefined;
  /** Its behaviors get the function in place of any other. */
  distribution: DistributionConfig;
  /** 0 takes any free one; the origins take free ones always. */
  port: number;
  propagation?: Partial<Propagation>;
  onRequest?: (record: EdgeRequestRecord) => void;
  log?: (line: string) => void;
}

export interface FileEdge {
  edge: Edge;
  /** A reference origin for each of the distribution. */
  origins: Readonly<Record<string, ReferenceOrigin>>;
  /** Takes the place of the function at once. */
  setCode(code: string): void;
  /** Takes the place of the store's keys; they arrive at the edge after the propagation delay. */
  setKeys(keys: ReadonlyMap<string, string>): void;
  close(): Promise<void>;
}

const distributionId = 'EFILEEDGE';
const functionArn = 'arn:aws:cloudfront::111122223333:function/file';
const storeArn = 'arn:aws:cloudfront::111122223333:key-value-store/00000000-0000-4000-8000-000000000000';

/** Opens a local edge that runs one function from a file in front of a distribution's behaviors, without a control plane. */
export async function openFileEdge(options: FileEdgeOptions): Promise<FileEdge> {
  const listeners = new Set<(change: PublishedChange) => void>();
  const tell = (change: PublishedChange) => {
    for (const listener of listeners) listener(change);
  };
  let { code, keys } = options;
  const config = attach(options.distribution, options.eventType);
  const published: Published = {
    distribution: () => config,
    liveFunction: () => ({
      arn: functionArn,
      name: 'file',
      runtime: 'cloudfront-js-2.0',
      code,
      sha256: createHash('sha256').update(code).digest('hex'),
      keyValueStoreArn: keys && storeArn,
    }),
    store: () => keys,
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
    const runtime = await openFunctionRuntime({ checkSyntax, ...(options.log && { log: options.log }) });
    closers.push(() => runtime.close());
    const edge = await openEdge({
      port: options.port,
      distributionId,
      published,
      runtime,
      resolveOrigin: (domainName, port, protocol) => resolveOnLoopback(ports.get(domainName), domainName, port, protocol),
      ...(options.propagation && { propagation: options.propagation }),
      ...(options.onRequest && { onRequest: options.onRequest }),
    });
    closers.push(() => edge.close());
    return {
      edge,
      origins,
      close,
      setCode(next) {
        code = next;
        tell({ kind: 'function', arn: functionArn });
      },
      setKeys(next) {
        keys = next;
        tell({ kind: 'store', arn: storeArn });
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function attach(distribution: DistributionConfig, eventType: FileEdgeOptions['eventType']): DistributionConfig {
  const FunctionAssociations = { Quantity: 1, Items: [{ EventType: eventType, FunctionARN: functionArn }] };
  const others = distribution.CacheBehaviors?.Items?.map((behavior) => ({ ...behavior, FunctionAssociations }));
  return {
    ...distribution,
    DefaultCacheBehavior: { ...distribution.DefaultCacheBehavior, FunctionAssociations } as DistributionConfig['DefaultCacheBehavior'],
    ...(others && { CacheBehaviors: { Quantity: others.length, Items: others } }),
  };
}
