import { createHash } from 'node:crypto';
import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { listAlarms } from '../aws/alarms.ts';
import type { Aws } from '../aws/clients.ts';
import { readCredentialFacts } from '../aws/credential-facts.ts';
import { readDistributionById } from '../aws/distribution.ts';
import { describeFunction, readFunctionCode } from '../aws/function.ts';
import { openKeyValueStore } from '../aws/key-value-store.ts';
import { describeStore } from '../aws/key-value-store-control.ts';
import { readCachePolicy, readOriginRequestPolicy } from '../aws/policies.ts';
import type { EdgeConfig } from '../config/edge-config.ts';
import type { LocalOrigin } from '../config/local-cloud.ts';
import { flipKeys } from '../core/flip.ts';
import { findDistribution } from '../distribution/find-distribution.ts';
import { buildFunction } from '../edge/build.ts';
import { EdgeError } from '../errors.ts';
import { openSignals } from '../flipper/open-signals.ts';
import { type ProbeOptions, probe } from '../probe/probe.ts';
import { once, oncePer } from '../text/once.ts';
import type { DoctorReaders, LiveFunction, SignalLook } from './doctor-readers.ts';
import { readCertificate } from './read-certificate.ts';

export interface DoctorOptions {
  config: EdgeConfig;
  aws: Aws;
  /** distribution.json; may fail. */
  file: () => Promise<DistributionConfig>;
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

/** The real readers. Nothing is asked before the first check wants it, and nothing twice. */
export function openDoctorReaders(options: DoctorOptions): DoctorReaders {
  const { config, aws, localOrigins, distributionId, now, signal, network = {} } = options;
  const name = config.functionName;

  const liveFunction = once(async (): Promise<LiveFunction | undefined> => {
    const client = await aws.cloudFront();
    const [version, code] = await Promise.all([describeFunction(client, name, 'LIVE'), readFunctionCode(client, name, 'LIVE')]);
    if (version === undefined || code === undefined) return undefined;
    return { ...version, sha256: createHash('sha256').update(code).digest('hex') };
  });
  const store = once(async () => describeStore(await aws.cloudFront(), config.keyValueStoreName));
  const values = once(async () => {
    const found = await store();
    if (found === undefined)
      throw new EdgeError('NOT_FOUND', `there is no key-value store ${config.keyValueStoreName}`, { hint: 'npm run kvs:apply' });
    const snapshot = await openKeyValueStore(await aws.keyValueStore(), found.arn, { signal }).read(flipKeys);
    return snapshot.values;
  });
  const file = once(options.file);
  const liveDistribution = once(async () => {
    const client = await aws.cloudFront();
    // Whoever names the distribution need not have every value of distribution.json, such as the origins' secret.
    const planned = await file().catch((error: unknown) => {
      if (distributionId === undefined) throw error;
      return undefined;
    });
    if (planned === undefined && distributionId !== undefined) return readDistributionById(client, distributionId);
    return findDistribution(client, planned ?? (await file()), distributionId);
  });
  const connectTo = (id: string) => {
    const local = localOrigins?.[id];
    return local === undefined ? network : { ...network, connectTo: local };
  };
  const signals = once(async () => {
    const planned = await file().catch(async (error: unknown) => {
      const live = await liveDistribution();
      if (live === undefined) throw error;
      return live.config;
    });
    const sources = openSignals(config, planned, localOrigins, localOrigins === undefined ? aws : undefined);
    const looks = Object.entries(sources).map(async ([origin, each]): Promise<[string, SignalLook[]]> => {
      const seen = await Promise.all(each.map(async (source) => ({ ...(await source.probe(signal)), name: source.name })));
      return [origin, seen];
    });
    return Object.fromEntries(await Promise.all(looks));
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
    values,
    file,
    liveDistribution,
    cachePolicy: oncePer((id) => readCachePolicy(aws.cloudFront, id)),
    originRequestPolicy: oncePer((id) => readOriginRequestPolicy(aws.cloudFront, id)),
    certificate: (origin, names) => readCertificate(origin, names, connectTo(origin.id)),
    ask: (id, target) => probe(target, { ...connectTo(id), signal }),
    signals,
    credentials: once(async () => readCredentialFacts(await aws.cloudFront())),
    alarms: oncePer(async (region) => (localOrigins === undefined ? listAlarms(await aws.cloudWatch(region)) : undefined)),
  };
}
