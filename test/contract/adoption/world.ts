import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type CloudFrontClient,
  CreateDistributionCommand,
  CreateFunctionCommand,
  type DistributionConfig,
  GetDistributionConfigCommand,
  PublishFunctionCommand,
} from '@aws-sdk/client-cloudfront';
import { openControlPlane } from '../../../local/aws/control-plane.ts';
import { type Edge, openEdge } from '../../../local/edge/edge.ts';
import { openReferenceOrigin, type ReferenceOrigin } from '../../../local/origin/reference-origin.ts';
import { openEngine } from '../../../local/runtime/engine.ts';
import { openAws } from '../../../src/aws/clients.ts';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import type { LocalOrigin } from '../../../src/config/local-cloud.ts';
import { checkSyntax } from '../../../src/edge/gate/check-syntax.ts';
import { accountId } from '../../fixtures/adoption/shapes.ts';
import { openAwsStub } from '../aws/open-aws-stub.ts';
import { sendRequest } from '../edge/open-test-edge.ts';

/**
 * One local cloud for all adoptions: a control plane, a runtime, and origins that answer to every name of their region.
 */
export interface AdoptionWorld {
  client: CloudFrontClient;
  /** What the commands take as their environment. */
  env: Record<string, string>;
  aws: ReturnType<typeof openAws>;
  singapore: ReferenceOrigin;
  europe: ReferenceOrigin;
  /** A folder for what init writes. */
  folder: string;
  /** Creates a distribution as its team did, deployed. */
  create(config: DistributionConfig): Promise<string>;
  read(id: string): Promise<DistributionConfig>;
  /** Creates a function of the team, LIVE. */
  createFunction(name: string, code: string): Promise<void>;
  openEdge(id: string): Promise<Edge>;
  /** Where a probe finds an origin. */
  locate(domainName: string): LocalOrigin;
  close(): Promise<void>;
}

const callerIdentity =
  '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
  `<Arn>arn:aws:iam::${accountId}:user/ann</Arn><UserId>AIDA</UserId><Account>${accountId}</Account>` +
  '</GetCallerIdentityResult></GetCallerIdentityResponse>';

export const root = fileURLToPath(new URL('../../../', import.meta.url));

export async function openAdoptionWorld(): Promise<AdoptionWorld> {
  const runtimeLater = {
    run: (...input: Parameters<typeof runtime.run>) => runtime.run(...input),
    close: async () => undefined,
  };
  const cloud = await openControlPlane({ accountId, deployMs: 5, provisionMs: 5, runtime: runtimeLater });
  const runtime = await openEngine({ engine: 'workerd', njs: undefined, checkSyntax });
  const singapore = await openReferenceOrigin({ region: 'ap-southeast-1' });
  const europe = await openReferenceOrigin({ region: 'eu-central-1' });
  const files = await openReferenceOrigin({ region: 'us-east-1' });
  const folder = await mkdtemp(join(tmpdir(), 'adoption-'));
  const sts = await openAwsStub();
  sts.answer({ body: callerIdentity });
  const env = { AWS_ENDPOINT_URL: cloud.url, AWS_ENDPOINT_URL_STS: sts.url, AWS_REGION: 'us-east-1' };
  // The SDK's own chain reads them from the process.
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'example' });
  const aws = openAws({ env });
  const client = await aws.cloudFront();
  const originOf = (name: string) => (/-sg\b|ap-southeast-1/.test(name) ? singapore : /-eu\b|eu-central-1/.test(name) ? europe : files);
  const locate = (domainName: string) => ({ domainName, host: '127.0.0.1', port: originOf(domainName).port, protocol: 'http' as const });
  return {
    client,
    env,
    aws,
    singapore,
    europe,
    folder,
    locate,
    async create(config) {
      const { Distribution } = await client.send(new CreateDistributionCommand({ DistributionConfig: config }));
      return Distribution?.Id ?? '';
    },
    read: async (Id) => (await client.send(new GetDistributionConfigCommand({ Id }))).DistributionConfig as DistributionConfig,
    async createFunction(Name, code) {
      const FunctionConfig = { Comment: 'of the team', Runtime: 'cloudfront-js-2.0' as const };
      const { ETag } = await client.send(new CreateFunctionCommand({ Name, FunctionConfig, FunctionCode: Buffer.from(code) }));
      await client.send(new PublishFunctionCommand({ Name, IfMatch: ETag }));
    },
    openEdge: (distributionId) =>
      openEdge({
        distributionId,
        published: cloud.published,
        runtime,
        resolveOrigin: locate,
        propagation: { delayMs: 0 },
        without: new Set(['lambda-at-edge'] as const),
      }),
    async close() {
      await runtime.close();
      await Promise.all([singapore.close(), europe.close(), files.close()]);
      client.destroy();
      await sts.close();
      await cloud.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Writes a file below the folder. */
export async function save(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

/** What the file exports, with times that make an outage short. */
export async function loadConfig(path: string) {
  const { default: input } = await import(path);
  const config = parseEdgeConfig({
    ...input,
    health: {
      intervalMs: 200,
      fastIntervalMs: 50,
      connectTimeoutMs: 1_000,
      timeoutMs: 2_000,
      unhealthyThreshold: 2,
      healthyThreshold: 2,
      failureRate: { share: 0.5, windowMs: 1_000, minimum: 4 },
    },
    failover: { holdDownMs: 100, maxHoldDownMs: 100, ramp: [50, 100], rampStepMs: 100, minFlipIntervalMs: 1 },
  });
  return { ...config, ...(config.before !== undefined && { before: join(dirname(path), config.before) }) };
}

/** The region that answers a viewer from Singapore; the status where none did. */
export async function regionOf(edge: Edge, path: string, method = 'POST', headers: Record<string, string> = {}): Promise<string | number> {
  const host = { 'x-local-viewer-country': 'SG', 'x-forwarded-proto': 'https', ...headers };
  const { status, headers: given } = await sendRequest(edge.port, path, { method, headers: host });
  const region = given['x-region'];
  return status === 200 && typeof region === 'string' ? region : status;
}
