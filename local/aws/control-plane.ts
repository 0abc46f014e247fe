import type { FunctionRuntime } from '../../src/edge/execution.ts';
import type { Published } from '../published.ts';
import { openAccount } from './account.ts';
import type { Call } from './call-log.ts';
import { type ControlPlaneFaults, noFaults } from './faults.ts';
import type { Operation } from './operation.ts';
import { continuousDeploymentOperations } from './operations/continuous-deployment.ts';
import { distributionOperations } from './operations/distributions.ts';
import { functionOperations } from './operations/functions.ts';
import { storeOperations } from './operations/key-value-stores.ts';
import { keyOperations } from './operations/keys.ts';
import { policyOperations } from './operations/policies.ts';
import { tagOperations } from './operations/tags.ts';
import { answer } from './transport/answer.ts';
import { openHttpServer } from './transport/http-server.ts';
import { answerLocalApi, type LocalRoutes } from './transport/local-api.ts';
import { routesOf } from './transport/router.ts';

export interface ControlPlaneOptions {
  /** 0, the default, takes any free port. */
  port?: number;
  accountId?: string;
  /** Epoch milliseconds; for time stamps and the end of faults. Delays run on real timers. */
  now?: () => number;
  /** For ids and ETags. */
  random?: () => number;
  /** From a store's creation to READY. */
  provisionMs?: number;
  /** From a distribution's change to Deployed, and so to the edge. */
  deployMs?: number;
  /** Runs TestFunction; without it TestFunction answers TestFunctionFailed. */
  runtime?: FunctionRuntime;
  faults?: ControlPlaneFaults;
  /** Further routes of `/_local/`. */
  localRoutes?: LocalRoutes;
}

export interface ControlPlane {
  /** The endpoint for both SDK clients; the KVS client puts the account id before the host. */
  url: string;
  port: number;
  published: Published;
  faults: ControlPlaneFaults;
  /** The last calls, oldest first. Set its length to 0 to clear it. */
  calls: Call[];
  close(): Promise<void>;
}

/** The control plane (API 2020-05-31): REST-XML, SigV4. */
export const cloudfrontOperations: readonly Operation[] = [
  ...functionOperations,
  ...storeOperations,
  ...distributionOperations,
  ...continuousDeploymentOperations,
  ...policyOperations,
  ...tagOperations,
];

/** The data plane of KeyValueStores (API 2022-07-26): REST-JSON, SigV4A. */
export const keyValueStoreOperations = keyOperations;

/**
 * Opens an AWS account on this machine, in memory and on loopback only: CloudFront's functions, stores and
 * distributions with their real wire formats.
 */
export async function openControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const { port = 0, now = Date.now, random = Math.random, faults = noFaults(), localRoutes = {} } = options;
  const account = openAccount({
    accountId: options.accountId ?? '111122223333',
    now,
    random,
    provisionMs: options.provisionMs ?? 300,
    deployMs: options.deployMs ?? 500,
    runtime: options.runtime,
    staleWrite: () => faults.staleWrite,
  });
  const calls: Call[] = [];
  const routes = [...routesOf('cloudfront', cloudfrontOperations), ...routesOf('cloudfront-keyvaluestore', keyValueStoreOperations)];
  const server = await openHttpServer({ port, random }, (request, requestId) => {
    const target = request.url ?? '';
    return target.startsWith('/_local/')
      ? answerLocalApi(request, target, { faults, calls, now, routes: localRoutes })
      : answer(request, requestId, { routes, account, faults, calls });
  });
  return {
    url: `http://localhost:${server.port}`,
    port: server.port,
    published: account.published,
    faults,
    calls,
    async close() {
      account.close();
      await server.close();
    },
  };
}
