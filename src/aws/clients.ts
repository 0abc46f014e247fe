import { Agent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { CloudFrontClient } from '@aws-sdk/client-cloudfront';
import type { CloudFrontKeyValueStoreClient } from '@aws-sdk/client-cloudfront-keyvaluestore';
import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { Route53Client } from '@aws-sdk/client-route-53';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SNSClient } from '@aws-sdk/client-sns';
import type { STSClient } from '@aws-sdk/client-sts';
import type { DistributionSource } from '../config/load-distribution.ts';
import { EdgeError } from '../errors.ts';
import { keepLastGood } from '../probe/resolve-name.ts';
import { once, oncePer } from '../text/once.ts';

/** The SDK clients, each loaded and built at its first use, so that a command pays only for those it needs. */
export interface Aws {
  region: string;
  /** The control plane: functions, distributions, key-value stores by name. Retries as the SDK does by default. */
  cloudFront(): Promise<CloudFrontClient>;
  /**
   * The data plane of a key-value store. Does not retry: src/aws/key-value-store.ts decides which calls may be sent
   * again.
   */
  keyValueStore(): Promise<CloudFrontKeyValueStoreClient>;
  /** Route 53, a global service: health checks. Two attempts, since the next probe follows soon. */
  route53(): Promise<Route53Client>;
  /** CloudWatch in the region of an alarm. Two attempts. */
  cloudWatch(region: string): Promise<CloudWatchClient>;
  /** The identity of the credentials, from a regional endpoint. One attempt. */
  sts(): Promise<STSClient>;
  /** SNS in the region of a topic. Does not retry: the notifier does. */
  sns(region: string): Promise<SNSClient>;
  /** Secrets Manager in the region of the environment. Retries as the SDK does by default. */
  secretsManager(): Promise<SecretsManagerClient>;
}

export interface AwsOptions {
  /** The environment that names region and endpoints; the SDK's own chain finds credentials. */
  env: Readonly<Record<string, string | undefined>>;
  /** Default: AWS_REGION, AWS_DEFAULT_REGION, us-east-1. CloudFront is global, but the SDK needs a region. */
  region?: string;
  /** The local cloud instead of AWS, with fixed credentials. */
  local?: { controlPlane: string } | undefined;
  /** Wait for an answer, per call. Default 30 s for the control plane, 5 s for calls that a failover may wait for. */
  requestTimeoutMs?: number;
}

const localCredentials = { accessKeyId: 'LOCALCLOUD', secretAccessKey: 'local-cloud' };

/** The first call connects. */
export function openAws(options: AwsOptions): Aws {
  const { requestTimeoutMs } = options;
  const settings = clientSettings(options);
  const cloudFront = once(async () => {
    const { CloudFrontClient } = await import('@aws-sdk/client-cloudfront');
    return new CloudFrontClient(settings('CLOUDFRONT', requestTimeoutMs ?? 30_000));
  });
  const keyValueStore = once(async () => {
    const [{ CloudFrontKeyValueStoreClient }] = await Promise.all([
      import('@aws-sdk/client-cloudfront-keyvaluestore'),
      import('./signer.ts'),
    ]);
    const store = settings('CLOUDFRONT_KEYVALUESTORE', requestTimeoutMs ?? 5_000);
    // Later attempts have longer timeouts of their own: src/aws/key-value-store.ts.
    const requestHandler = { ...store.requestHandler, socketTimeout: 60_000 };
    return new CloudFrontKeyValueStoreClient({ ...store, requestHandler, maxAttempts: 1 });
  });
  const route53 = once(async () => {
    const { Route53Client } = await import('@aws-sdk/client-route-53');
    return new Route53Client({ ...settings('ROUTE_53', requestTimeoutMs ?? 5_000), maxAttempts: 2 });
  });
  const cloudWatch = oncePer(async (where: string) => {
    const { CloudWatchClient } = await import('@aws-sdk/client-cloudwatch');
    return new CloudWatchClient({ ...settings('CLOUDWATCH', requestTimeoutMs ?? 5_000), region: where, maxAttempts: 2 });
  });
  const sts = once(async () => {
    const { STSClient } = await import('@aws-sdk/client-sts');
    return new STSClient({ ...settings('STS', requestTimeoutMs ?? 5_000), maxAttempts: 1 });
  });
  const sns = oncePer(async (where: string) => {
    const { SNSClient } = await import('@aws-sdk/client-sns');
    return new SNSClient({ ...settings('SNS', requestTimeoutMs ?? 5_000), region: where, maxAttempts: 1 });
  });
  const secretsManager = once(async () => {
    const { SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
    return new SecretsManagerClient(settings('SECRETS_MANAGER', requestTimeoutMs ?? 5_000));
  });
  return { region: chosenRegion(options), cloudFront, keyValueStore, route53, cloudWatch, sts, sns, secretsManager };
}

function chosenRegion({ env, region }: AwsOptions): string {
  return region ?? (env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || 'us-east-1');
}

/**
 * What every client is built with: endpoint, region and time limits. The service is named as in
 * AWS_ENDPOINT_URL_<SERVICE>.
 */
export function clientSettings(options: AwsOptions) {
  const { env, local } = options;
  // A failing name server must not hide a store that answers.
  const lookup = keepLastGood();
  return (service: string, timeoutMs: number) => {
    const endpoint = local?.controlPlane ?? readEndpoint(env, service);
    return {
      region: chosenRegion(options),
      requestHandler: {
        connectionTimeout: 3_000,
        requestTimeout: timeoutMs,
        socketTimeout: timeoutMs,
        // Without this a timeout is only a warning on stderr.
        throwOnRequestTimeout: true,
        httpAgent: new LoopbackAgent({ keepAlive: true, lookup: onlyLoopback(lookup) }),
        httpsAgent: new TlsAgent({ keepAlive: true, maxSockets: 50, lookup }),
      },
      ...(endpoint ? { endpoint: nameLoopback(endpoint) } : {}),
      ...(local === undefined ? {} : { credentials: localCredentials }),
    };
  };
}

/**
 * The endpoint for a service by the environment. All of these variables are checked, since the SDK reads those of other
 * services.
 */
function readEndpoint(env: AwsOptions['env'], service: string): string | undefined {
  for (const [name, url] of Object.entries(env)) if (url && /^AWS_ENDPOINT_URL(_|$)/.test(name)) checkEndpoint(name, url);
  return env[`AWS_ENDPOINT_URL_${service}`] || env['AWS_ENDPOINT_URL'] || undefined;
}

function checkEndpoint(name: string, url: string): void {
  if (!URL.canParse(url) || !/^https?:/.test(url))
    throw new EdgeError('USAGE', `${name} must be an http or https URL, got ${JSON.stringify(url)}`, {
      hint: 'unset it to use AWS itself',
    });
  if (url.startsWith('http:') && !isLoopback(new URL(url).hostname))
    throw new EdgeError('USAGE', `${name} must use https for another host than this machine, got ${JSON.stringify(url)}`, {
      hint: 'unset it to use AWS itself',
    });
}

/**
 * These calls carry session tokens and the origins' secret: http stays on this machine, whatever ~/.aws/config or a
 * name server says.
 */
class LoopbackAgent extends Agent {
  override createConnection(...[options, callback]: Parameters<Agent['createConnection']>): ReturnType<Agent['createConnection']> {
    const host = options.host ?? '';
    if (isIP(host) !== 0 && !isLoopbackAddress(host)) throw leavesMachine(host);
    return super.createConnection(options, callback);
  }
}

function onlyLoopback(lookup: LookupFunction): LookupFunction {
  return (name, options, done) =>
    lookup(name, options, (error, address, family) => {
      const addresses = typeof address === 'string' ? [address] : (address ?? []).map((each) => each.address);
      const foreign = error === null ? addresses.find((each) => !isLoopbackAddress(each)) : undefined;
      if (foreign === undefined) done(error, address, family);
      else done(leavesMachine(`${name}, ${foreign}`), []);
    });
}

function leavesMachine(host: string): EdgeError {
  return new EdgeError('USAGE', `AWS endpoints need https, except on this machine; the endpoint is http at ${host}`, {
    hint: 'check endpoint_url in ~/.aws/config',
  });
}

function isLoopbackAddress(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || /^127\.\d+\.\d+\.\d+$/.test(host) || host === '[::1]';
}

/** The SDK puts the account id before the endpoint's host, which works for `localhost` but not for an address. */
function nameLoopback(endpoint: string): string {
  return endpoint.replace(/^(https?:\/\/)(127\.0\.0\.1|\[::1\])(?=[:/]|$)/, '$1localhost');
}

/** Reads a distribution where no file says where the origins are. NOT_READY after `timeoutMs`. */
export function liveReader(open: () => Promise<CloudFrontClient>, timeoutMs = 30_000): NonNullable<DistributionSource['readLive']> {
  return async (id) => {
    // Only here: it loads the SDK.
    const { readDistributionById } = await import('./distribution.ts');
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const error = new EdgeError('NOT_READY', `CloudFront did not describe distribution ${id} within ${timeoutMs} ms`, {
        hint: 'domainName of each origin in edge.config.ts makes this call unnecessary',
      });
      timer = setTimeout(() => reject(error), timeoutMs);
    });
    return Promise.race([readDistributionById(await open(), id), late]).finally(() => clearTimeout(timer));
  };
}
