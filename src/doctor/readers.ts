import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { type Alarm, listAlarms } from '../aws/alarms.ts';
import type { Aws } from '../aws/clients.ts';
import { type CredentialFacts, readCredentialFacts } from '../aws/credentials.ts';
import { type LiveDistribution, readDistributionById } from '../aws/distribution.ts';
import { openKeyValueStore } from '../aws/key-value-store.ts';
import { describeStore, type StoreDescription } from '../aws/open-flag-store.ts';
import { readCachePolicy, readOriginRequestPolicy } from '../aws/policies.ts';
import type { EdgeConfig } from '../config/edge-config.ts';
import type { LocalOrigin } from '../config/local-cloud.ts';
import type { CachePolicy, OriginRequestPolicy } from '../config/managed-policies.ts';
import { flipKeys } from '../core/flip.ts';
import type { ProbeResult } from '../core/signal.ts';
import { mergeBehaviors, openPart } from '../distribution/distribution.ts';
import { findLiveDistribution } from '../distribution/find-distribution.ts';
import { type DistributionPlan, planDistribution } from '../distribution/plan.ts';
import { type BuiltFunction, buildFunction } from '../edge/build.ts';
import { EdgeError } from '../errors.ts';
import { openSignals } from '../flipper/open-signals.ts';
import { openReportBook } from '../flipper/report-book.ts';
import { connectLikeEdge, type Phase, readTls } from '../probe/connect-like-edge.ts';
import { type HttpProbeResult, type ProbeOptions, type ProbeTarget, probe } from '../probe/probe.ts';
import { readStage, type Stage } from '../publish/stage.ts';
import { readHistory, type StoredRecord } from '../publish/versions.ts';
import { once, oncePer } from '../text/once.ts';
import { typed } from '../text/typed.ts';

/** The present result of one signal of an origin. */
export interface SignalResult extends ProbeResult {
  /** Such as `http`. */
  name: string;
}

/**
 * What the checks can read. Each reader makes its call once for all checks, and throws an EdgeError when it cannot
 * read; what does not exist is undefined.
 */
export interface DoctorReaders {
  config: EdgeConfig;
  /** Name of `liveDistribution` in findings. Default `the live distribution`. */
  where?: string | undefined;
  /** The local cloud, which has neither CloudWatch nor Route 53. */
  isLocal: boolean;
  /** Of AWS_STS_REGIONAL_ENDPOINTS; undefined when it is unset. */
  stsEndpoints: string | undefined;
  /** Epoch milliseconds. */
  now(): number;
  /** The function of the working tree. */
  build(): Promise<BuiltFunction>;
  liveFunction(): Promise<Stage | undefined>;
  /** The published versions in the store, the newest first. NOT_FOUND without a store. */
  versions(): Promise<readonly StoredRecord[]>;
  /** The store named in edge.config.ts. */
  store(): Promise<StoreDescription | undefined>;
  /** Record and state of that store, from its data plane, signed with SigV4A. NOT_FOUND without a store. */
  values(): Promise<ReadonlyMap<string, string>>;
  /** distribution.json. */
  file(): Promise<DistributionConfig>;
  liveDistribution(): Promise<LiveDistribution | undefined>;
  /** What distribution:apply would change on it; undefined when it does not exist. */
  plan(): Promise<DistributionPlan | undefined>;
  cachePolicy(id: string): Promise<CachePolicy | undefined>;
  originRequestPolicy(id: string): Promise<OriginRequestPolicy | undefined>;
  /** A TLS handshake with an origin, the first name as SNI. */
  certificate(origin: TlsOrigin, names: readonly [string, ...string[]]): Promise<CertificateReading>;
  /** One request to an origin, past CloudFront. */
  ask(origin: string, target: ProbeTarget): Promise<HttpProbeResult>;
  /** Every signal of edge.config.ts, by origin. */
  signals(): Promise<Readonly<Record<string, readonly SignalResult[]>>>;
  credentials(): Promise<CredentialFacts>;
  /** Of one region; undefined on the local cloud. */
  alarms(region: string): Promise<{ alarms: readonly Alarm[]; complete: boolean } | undefined>;
  /** Where the flipper's own alarms are: the region of the environment. */
  region: string;
}

export interface DoctorOptions {
  config: EdgeConfig;
  aws: Aws;
  /** distribution.json; may fail. Not read where edge.config.ts names distributions of another tool. */
  file: () => Promise<DistributionConfig>;
  /** Where the origins are that signals probe. Default: as distribution.json says, else the live distribution. */
  reach?: (live: () => Promise<LiveDistribution | undefined>) => Promise<DistributionConfig>;
  /** Which distribution; undefined to find it by the file's aliases and CallerReference. */
  distributionId: string | undefined;
  /** Where the local cloud's origins are; undefined on AWS. */
  localOrigins: Readonly<Record<string, LocalOrigin>> | undefined;
  /** Of AWS_STS_REGIONAL_ENDPOINTS. */
  stsEndpoints: string | undefined;
  now: () => number;
  signal: AbortSignal;
  /** How to reach origins; default the system's way. */
  network?: Pick<ProbeOptions, 'lookup' | 'ca'>;
}

/** The real readers. Each call is made when the first check needs it. */
export function openDoctorReaders(options: DoctorOptions): DoctorReaders {
  const { aws, localOrigins, distributionId, now, signal, network = {} } = options;
  const config = narrow(options.config, distributionId);
  const [own] = config.distributions ?? [];

  const liveFunction = once(async () => readStage(await aws.cloudFront(), config.functionName, 'LIVE'));
  const store = once(async () => describeStore(await aws.cloudFront(), config.keyValueStoreName));
  const data = once(async () => {
    const found = await store();
    if (found === undefined)
      throw new EdgeError('NOT_FOUND', `key-value store ${config.keyValueStoreName} does not exist`, { hint: typed('kvs:apply') });
    return openKeyValueStore(await aws.keyValueStore(), found.arn, { signal, keyPrefix: config.keyPrefix });
  });
  const file = once(own === undefined ? options.file : () => Promise.reject(foreign()));
  const liveDistribution = once(async () => {
    const client = await aws.cloudFront();
    if (own !== undefined) return readDistributionById(client, own.id);
    // With an id, the placeholders of distribution.json, such as the origins' secret, need no values.
    const planned = await file().catch((error: unknown) => {
      if (distributionId === undefined) throw error;
      return undefined;
    });
    if (planned === undefined && distributionId !== undefined) return readDistributionById(client, distributionId);
    return findLiveDistribution(client, planned ?? (await file()), distributionId);
  });
  const connectTo = (id: string) => {
    const local = localOrigins?.[id];
    return local === undefined ? network : { ...network, connectTo: local };
  };
  const signals = once(async () => {
    const planned = await (options.reach?.(liveDistribution) ??
      file().catch(async (error: unknown) => {
        const live = await liveDistribution();
        if (live === undefined) throw error;
        return live.config;
      }));
    const sources = openSignals(
      config,
      planned,
      localOrigins,
      localOrigins === undefined ? aws : undefined,
      openReportBook({ openStore: data }),
    );
    const results = Object.entries(sources).map(async ([origin, each]): Promise<[string, SignalResult[]]> => {
      const seen = await Promise.all(each.map(async (source) => ({ ...(await source.probe(signal)), name: source.name })));
      return [origin, seen];
    });
    return Object.fromEntries(await Promise.all(results));
  });

  return {
    config,
    isLocal: localOrigins !== undefined,
    stsEndpoints: options.stsEndpoints,
    region: aws.region,
    now,
    build: once(() => buildFunction(config)),
    liveFunction,
    store,
    values: once(async () => (await (await data()).read(flipKeys)).values),
    versions: once(async () => readHistory(await data())),
    file,
    liveDistribution,
    plan: once(async () => {
      const live = await liveDistribution();
      if (live === undefined) return undefined;
      return own === undefined ? planDistribution(live, await file()) : openPart(await aws.cloudFront(), config, own).plan(live);
    }),
    cachePolicy: oncePer((id) => readCachePolicy(aws.cloudFront, id)),
    originRequestPolicy: oncePer((id) => readOriginRequestPolicy(aws.cloudFront, id)),
    certificate: (origin, names) => readCertificate(origin, names, connectTo(origin.id)),
    ask: (id, target) => probe(target, { ...connectTo(id), signal }),
    signals,
    credentials: once(async () => readCredentialFacts(await aws.cloudFront())),
    alarms: oncePer(async (region) => (localOrigins === undefined ? listAlarms(await aws.cloudWatch(region)) : undefined)),
  };
}

/** The configuration for one of its distributions. */
function narrow(config: EdgeConfig, id: string | undefined): EdgeConfig {
  const { distributions } = config;
  if (distributions === undefined) return config;
  const named = id === undefined ? distributions.slice(0, 1) : distributions.filter((each) => each.id === id);
  // The local cloud's distribution has the behaviors of all.
  return { ...config, distributions: named.length > 0 ? named : [mergeBehaviors(distributions, id ?? '')] };
}

function foreign(): EdgeError {
  return new EdgeError('CONFIG_MISSING', 'another tool owns the distribution, so distribution.json is not read');
}

/** How CloudFront connects to an origin. */
export interface TlsOrigin {
  /** Its alias. */
  id: string;
  protocol: 'http' | 'https';
  domainName: string;
  port: number;
}

/**
 * `plain`: not encrypted. `bad`: CloudFront would refuse it too. `unreached`: possibly because of this machine's
 * network.
 */
export type CertificateReading =
  | { kind: 'good' /** Epoch milliseconds. */; validTo: number }
  | { kind: 'plain' }
  | { kind: 'bad'; problem: string }
  | { kind: 'unreached'; problem: string };

const timeoutMs = 5_000;

/**
 * One TLS handshake as CloudFront makes it: the first name is the SNI, and the certificate may be valid for any of the
 * names. Never rejects.
 */
function readCertificate(
  { protocol, domainName, port }: TlsOrigin,
  names: readonly [string, ...string[]],
  options: Pick<ProbeOptions, 'connectTo' | 'lookup' | 'ca'> = {},
): Promise<CertificateReading> {
  const address = options.connectTo ?? { host: domainName, port, protocol };
  if (address.protocol === 'http') return Promise.resolve({ kind: 'plain' });
  return new Promise((resolve) => {
    let phase: Phase = 'dns';
    const onPhase = (reached: Phase) => {
      phase = reached;
    };
    const connect = connectLikeEdge({ ...address, names, timeoutMs }, { ...options, onPhase });
    connect({ hostname: domainName, protocol: 'https:', port: String(port) }, (error, socket) => {
      if (error !== null) return resolve(judgeFailure(phase, error));
      resolve({ kind: 'good', validTo: readTls(socket)?.validTo ?? Number.NaN });
      socket.destroy();
    });
  });
}

function judgeFailure(phase: Phase, error: Error & { code?: string }): CertificateReading {
  const problem = error.message || error.code || 'no connection';
  const isOrigin = phase === 'tls' && !/^not connected within/.test(problem) && error.code !== 'ECONNRESET';
  return { kind: isOrigin ? 'bad' : 'unreached', problem: `${phase}: ${problem}` };
}
