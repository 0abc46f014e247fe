import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { Alarm } from '../aws/alarms.ts';
import type { CredentialFacts } from '../aws/credential-facts.ts';
import type { LiveDistribution } from '../aws/distribution.ts';
import type { FunctionVersion } from '../aws/function.ts';
import type { StoreDescription } from '../aws/key-value-store-control.ts';
import type { EdgeConfig } from '../config/edge-config.ts';
import type { CachePolicy, OriginRequestPolicy } from '../config/managed-policies.ts';
import type { ProbeResult } from '../core/signal.ts';
import type { BuiltFunction } from '../edge/build.ts';
import type { HttpProbeResult, ProbeTarget } from '../probe/probe.ts';
import type { CertificateReading, OriginAddress } from './read-certificate.ts';

/** The LIVE stage of the function. */
export interface LiveFunction extends FunctionVersion {
  /** SHA-256 of its code, hex. */
  sha256: string;
}

/** What one signal of an origin says now. */
export interface SignalLook extends ProbeResult {
  /** Such as `http`. */
  name: string;
}

/**
 * All that the checks can look at. Each reader asks once, however many checks want its answer, and throws an EdgeError when it may not or cannot;
 * what does not exist is undefined.
 */
export interface DoctorReaders {
  config: EdgeConfig;
  /** The local cloud is looked at, which has neither CloudWatch nor Route 53. */
  isLocal: boolean;
  /** Of AWS_STS_REGIONAL_ENDPOINTS; undefined when it is unset. */
  stsEndpoints: string | undefined;
  /** Epoch milliseconds. */
  now(): number;
  /** The function of the working tree. */
  build(): Promise<BuiltFunction>;
  liveFunction(): Promise<LiveFunction | undefined>;
  /** The store named in edge.config.ts. */
  store(): Promise<StoreDescription | undefined>;
  /** Record and state of that store, from its data plane, signed with SigV4A. NOT_FOUND without a store. */
  values(): Promise<ReadonlyMap<string, string>>;
  /** distribution.json. */
  file(): Promise<DistributionConfig>;
  liveDistribution(): Promise<LiveDistribution | undefined>;
  cachePolicy(id: string): Promise<CachePolicy | undefined>;
  originRequestPolicy(id: string): Promise<OriginRequestPolicy | undefined>;
  /** A TLS handshake with an origin, the first name as SNI. */
  certificate(origin: OriginAddress, names: readonly [string, ...string[]]): Promise<CertificateReading>;
  /** One request to an origin, past CloudFront. */
  ask(originId: string, target: ProbeTarget): Promise<HttpProbeResult>;
  /** Every signal of edge.config.ts, by origin. */
  signals(): Promise<Readonly<Record<string, readonly SignalLook[]>>>;
  credentials(): Promise<CredentialFacts>;
  /** Of one region; undefined on the local cloud. */
  alarms(region: string): Promise<{ alarms: readonly Alarm[]; complete: boolean } | undefined>;
  /** Where the flipper's own alarms are: the region of the environment. */
  region: string;
}
