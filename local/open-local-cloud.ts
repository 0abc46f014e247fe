import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { EdgeConfig } from '../src/config/edge-config.ts';
import { type LocalCloud, localCloudPath, startingAnswer } from '../src/config/local-cloud.ts';
import { aliasOf, findUnknownOrigin } from '../src/config/origin-names.ts';
import type { FunctionRuntime } from '../src/edge/execution.ts';
import { checkSyntax } from '../src/edge/gate/check-syntax.ts';
import { isRecord } from '../src/text/is-record.ts';
import { type ControlPlane, openControlPlane } from './aws/control-plane.ts';
import { type Edge, openEdge } from './edge/edge.ts';
import type { EdgeRequestRecord } from './edge/exchange.ts';
import type { Propagation, Replica } from './edge/replica.ts';
import type { ViewerRequest } from './edge/viewer-request.ts';
import { type OriginFault, originFaults, parseOriginFault } from './origin/origin-fault.ts';
import { openReferenceOrigin, type ReferenceOrigin } from './origin/reference-origin.ts';
import { resolveOnLoopback } from './resolve-on-loopback.ts';
import { type Engine, openEngine } from './runtime/engine.ts';

export interface LocalCloudOptions {
  config: Pick<EdgeConfig, 'origins'> & Partial<Pick<EdgeConfig, 'functionName'>>;
  /** The control plane's port. The edge and the origins get the next ones. 0: any free ones. */
  port: number;
  /** Reads distribution.json with these values for its placeholders. */
  readDistribution: (env: Readonly<Record<string, string>>) => Promise<DistributionConfig>;
  /** The environment of edge.config.ts that the configuration is for. */
  environment?: string | undefined;
  /** Its flipper works with the drill's short times. Default false. */
  quick?: boolean | undefined;
  propagation?: Partial<Propagation>;
  onRequest?: (record: EdgeRequestRecord, viewer: ViewerRequest | undefined) => void;
  /** For stopped runs, restarts and dropped log arguments. */
  log?: (line: string) => void;
  /** Default workerd. */
  engine?: Engine;
  /** The path of njs, for the engines that use it. */
  njs?: string | undefined;
}

/** A laptop's CloudFront before two calls of the AWS APIs: publish a function, create a distribution. */
export interface OpenLocalCloud {
  controlPlane: ControlPlane;
  /** distribution.json with local names. */
  distribution: DistributionConfig;
  origins: Readonly<Record<string, ReferenceOrigin>>;
  /** Sets an origin's fault; `none` ends it. */
  setFault(origin: string, fault: OriginFault): Promise<void>;
  /** `POST /_local/origins` and `POST /_local/replica`: from a body to an answer. */
  switches: { origins(body: string): Promise<object>; replica(body: string): object };
  /** Runs the edge's functions; also for other callers. Closed with the cloud. */
  runtime: FunctionRuntime;
  /** Opens the edge when the distribution is deployed. From then on `/_local/cloud` describes the whole cloud. */
  serve(distributionId: string, keyValueStoreArn: string): Promise<{ edge: Edge; description: LocalCloud }>;
  /** Stops everything, the last opened first. */
  close(): Promise<void>;
}

const accountId = '111122223333';

/**
 * Opens the control plane and the origins, on loopback only. Throws PORT_BUSY when a port is taken and leaves nothing
 * open.
 */
export async function openLocalCloud(options: LocalCloudOptions): Promise<OpenLocalCloud> {
  const { config, port } = options;
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  const keep = <T extends { close(): Promise<void> }>(opened: T): T => {
    closers.push(() => opened.close());
    return opened;
  };
  const portAt = (place: number) => (port === 0 ? 0 : port + place);
  let description: LocalCloud | undefined;
  let served: Edge | undefined;

  try {
    const ids = Object.keys(config.origins);
    const env = localPlaceholders(config);
    const distribution = await options.readDistribution(env);
    const origins: Record<string, ReferenceOrigin> = {};
    const setFault = async (id: string, fault: OriginFault) => origins[id]?.setFault(fault);
    const switches = {
      origins: (body: string) => breakOrigin(body, ids, setFault),
      replica: (body: string) => breakReplica(body, served?.replica.faults),
    };
    // Before workerd, because a busy port means that another local cloud is running.
    const runtimeLater = { run: (...input: Parameters<typeof runtime.run>) => runtime.run(...input), close: async () => undefined };
    const controlPlane = keep(
      await openControlPlane({
        port,
        accountId,
        runtime: runtimeLater,
        localRoutes: {
          [`GET ${localCloudPath}`]: () => description ?? startingAnswer,
          'POST /_local/origins': switches.origins,
          'POST /_local/replica': switches.replica,
        },
      }),
    );
    for (const [place, id] of ids.entries()) {
      const region = config.origins[id]?.region ?? '';
      const verifySecret = env['ORIGIN_VERIFY_SECRET'] ?? '';
      origins[id] = keep(await openReferenceOrigin({ port: portAt(2 + place), region, verifySecret }));
    }
    const runtime = keep(
      await openEngine({ engine: options.engine ?? 'workerd', njs: options.njs, checkSyntax, ...(options.log && { log: options.log }) }),
    );

    const domains = aliasesByDomain(distribution, config);
    // The team's own origins, such as a bucket: here each is one more reference origin, at any free port.
    for (const id of domains.values()) origins[id] ??= keep(await openReferenceOrigin({ port: 0, region: 'local' }));
    const serve = async (distributionId: string, keyValueStoreArn: string) => {
      const edge = keep(
        await openEdge({
          port: portAt(1),
          distributionId,
          published: controlPlane.published,
          runtime,
          resolveOrigin: (domainName, wantedPort, protocol) =>
            resolveOnLoopback(origins[domains.get(domainName) ?? '']?.port, domainName, wantedPort, protocol),
          ...(options.propagation && { propagation: options.propagation }),
          ...(options.onRequest && { onRequest: options.onRequest }),
        }),
      );
      served = edge;
      description = {
        controlPlane: `http://127.0.0.1:${controlPlane.port}`,
        edge: edge.url,
        accountId,
        ...(options.environment !== undefined && { environment: options.environment }),
        ...(options.quick === true && { quick: true }),
        keyValueStoreArn,
        distributionId,
        origins: describeOrigins(domains, origins),
        env,
      };
      return { edge, description };
    };
    return { controlPlane, distribution, origins, setFault, switches, runtime, serve, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The alias of each origin by its domain name; an origin of another tool has its id. */
export function aliasesByDomain(distribution: DistributionConfig, { origins }: Pick<EdgeConfig, 'origins'>): ReadonlyMap<string, string> {
  return new Map((distribution.Origins?.Items ?? []).map(({ Id = '', DomainName = '' }) => [DomainName, aliasOf(origins, Id)]));
}

/** Where the origins listen, by alias, as `/_local/cloud` has it. */
export function describeOrigins(
  domains: ReadonlyMap<string, string>,
  origins: Readonly<Record<string, ReferenceOrigin>>,
): LocalCloud['origins'] {
  return Object.fromEntries(
    [...domains].map(([domainName, id]) => [id, { domainName, host: '127.0.0.1', port: origins[id]?.port ?? 0, protocol: 'http' }]),
  );
}

/** Local values for the placeholders of distribution.json: for each origin the name `<id>.localhost`. */
export function localPlaceholders({ origins, functionName }: LocalCloudOptions['config']): Record<string, string> {
  const domains = Object.keys(origins).map((id) => [`${id.toUpperCase().replaceAll('-', '_')}_DOMAIN`, `${id}.localhost`]);
  return {
    AWS_ACCOUNT_ID: accountId,
    VIEWER_DOMAIN: 'app.localhost',
    ACM_CERTIFICATE_ARN: `arn:aws:acm:us-east-1:${accountId}:certificate/00000000-0000-4000-8000-000000000000`,
    ORIGIN_VERIFY_SECRET: 'localOriginVerify00000000000000000',
    ...Object.fromEntries(domains),
    ...(functionName !== undefined && { EDGE_FUNCTION_NAME: functionName }),
  };
}

async function breakOrigin(
  body: string,
  ids: readonly string[],
  setFault: (id: string, fault: OriginFault) => Promise<void>,
): Promise<object> {
  const { origin, fault } = readFields(body);
  const parsed = parseOriginFault(fault);
  const unknown = findUnknownOrigin(origin, ids);
  const problems = unknown === undefined ? [] : [`${unknown.message}; ${unknown.hint}`];
  if (parsed === undefined)
    problems.push(`unknown fault ${JSON.stringify(fault)}; faults: ${originFaults.join(', ')}, also slow:<ms> and 5xx:<status>`);
  if (parsed === undefined || problems.length > 0) return { problems };
  await setFault(origin, parsed);
  return { origin, fault: parsed };
}

/** Switches faults of the edge's copy of the store. Others stay as they are. */
function breakReplica(body: string, faults: Replica['faults'] | undefined): object {
  if (faults === undefined) return { problems: ['the edge is still starting'] };
  const wanted = parseJson(body);
  const problems = Object.entries(wanted)
    .filter(([name, value]) => !Object.hasOwn(faults, name) || typeof value !== 'boolean')
    .map(([name]) => `${name}: must be one of the switches ${Object.keys(faults).join(', ')}, with true or false`);
  return problems.length > 0 ? { problems } : Object.assign(faults, wanted);
}

function readFields(body: string): { origin: string; fault: string } {
  const { origin = '', fault = '' } = parseJson(body);
  return { origin: String(origin), fault: String(fault) };
}

function parseJson(body: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(body);
    return isRecord(parsed) ? parsed : {};
  } catch {
    return {};
  }
}
