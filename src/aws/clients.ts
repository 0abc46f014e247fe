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
import { EdgeError } from '../errors.ts';
import { keepLastGood } from '../probe/resolve-name.ts';
import { once, oncePer } from '../text/once.ts';

/** The SDK clients, each loaded and built at its first use, so that a command pays only for those it needs. */
export interface Aws {
  region: string;
  /** The control plane: functions, distributions, key-value stores by name. Retries as the SDK does by default. */
  cloudFront(): Promise<CloudFrontClient>;
  /** The data plane of a key-value store. Never retries by itself: src/aws/key-value-store.ts knows which calls may be sent again. */
  keyValueStore(): Promise<CloudFrontKeyValueStoreClient>;
  /** Route 53, a global service: health checks. Two attempts, since a signal looks again soon. */
  route53(): Promise<Route53Client>;
  /** CloudWatch where an alarm is. Two attempts. */
  cloudWatch(region: string): Promise<CloudWatchClient>;
  /** Whom the credentials belong to, asked once at a regional endpoint. */
  sts(): Promise<STSClient>;
  /** SNS where a topic is. Never retries by itself: src/notify/notifier.ts does. */
  sns(region: string): Promise<SNSClient>;
  /** Secrets Manager in the region of the environment. Retries as the SDK does by default. */
  secretsManager(): Promise<SecretsManagerClient>;
}

export interface AwsOptions {
  /** The environment that names region and endpoints; credentials are found by the SDK's own chain. */
  env: Readonly<Record<string, string | undefined>>;
  /** Default: AWS_REGION, AWS_DEFAULT_REGION, us-east-1. Both services are global; the SDK merely insists on one. */
  region?: string;
  /** The local cloud in place of AWS, with credentials that need no environment. */
  local?: { controlPlane: string } | undefined;
  /** Wait for an answer, per call. Default 30 s for the control plane, 5 s for everything that a failover may wait for. */
  requestTimeoutMs?: number;
}

const localCredentials = { accessKeyId: 'LOCALCLOUD', secretAccessKey: 'local-cloud' };

/** Opens nothing yet: the first call connects. */
export function openAws({ env, region, local, requestTimeoutMs }: AwsOptions): Aws {
  const chosenRegion = region ?? (env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || 'us-east-1');
  // A store that answers must not be lost with a name server that does not.
  const lookup = keepLastGood();
  const settings = (service: string, timeoutMs: number) => {
    const endpoint = local?.controlPlane ?? readEndpoint(env, service);
    return {
      region: chosenRegion,
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
    // Later tries wait longer than the first, each by its own timeout: src/aws/key-value-store.ts.
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
  return { region: chosenRegion, cloudFront, keyValueStore, route53, cloudWatch, sts, sns, secretsManager };
}

/** The endpoint for a service by the environment. Every such variable is checked: the SDK reads those of other services where it needs them. */
function readEndpoint(env: AwsOptions['env'], service: string): string | undefined {
  for (const [name, url] of Object.entries(env)) if (url && /^AWS_ENDPOINT_URL(_|$)/.test(name)) checkEndpoint(name, url);
  return env[`AWS_ENDPOINT_URL_${service}`] || env['AWS_ENDPOINT_URL'] || undefined;
}

function checkEndpoint(name: string, url: string): void {
  if (!URL.canParse(url) || !/^https?:/.test(url))
    throw new EdgeError('USAGE', `${name} must be an http or https URL, found ${JSON.stringify(url)}`, {
      hint: 'unset it to use AWS itself',
    });
  if (url.startsWith('http:') && !isLoopback(new URL(url).hostname))
    throw new EdgeError('USAGE', `${name} must use https for a host that is not this machine, found ${JSON.stringify(url)}`, {
      hint: 'unset it to use AWS itself',
    });
}

/** Session tokens and the origins' secret travel in these calls: http stays on this machine, also when ~/.aws/config or a name server leads elsewhere. */
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
  return new EdgeError('USAGE', `AWS is asked over https, or over http on this machine; the endpoint is http at ${host}`, {
    hint: 'see endpoint_url in ~/.aws/config',
  });
}

function isLoopbackAddress(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || /^127\.\d+\.\d+\.\d+$/.test(host) || host === '[::1]';
}

/** The SDK puts the account id before the endpoint's host, which makes a URL of `localhost` and none of an address: `http://123456789012.127.0.0.1`. */
function nameLoopback(endpoint: string): string {
  return endpoint.replace(/^(https?:\/\/)(127\.0\.0\.1|\[::1\])(?=[:/]|$)/, '$1localhost');
}
