import type { Edge } from '../local/edge/edge.ts';
import { type LocalCloudOptions, type OpenLocalCloud, openLocalCloud } from '../local/open-local-cloud.ts';
import { openAws } from '../src/aws/clients.ts';
import { openKeyValueStore } from '../src/aws/key-value-store.ts';
import type { EdgeConfig } from '../src/config/edge-config.ts';
import { loadDistribution } from '../src/config/load-distribution.ts';
import type { LocalCloud } from '../src/config/local-cloud.ts';
import { applyDistribution } from '../src/distribution/distribution.ts';
import { findNjs } from '../src/edge/njs/njs.ts';
import { publishRouter } from '../src/publish/publish.ts';
import type { Release } from '../src/publish/publish-tools.ts';
import { createStore } from '../src/store/create-store.ts';
import { openRuntime } from './function/open-runtime.ts';

export interface PublishedCloudOptions
  extends Pick<LocalCloudOptions, 'environment' | 'quick' | 'propagation' | 'onRequest' | 'log' | 'engine' | 'njs'> {
  config: EdgeConfig;
  /** The control plane's port; see openLocalCloud. */
  port: number;
  signal: AbortSignal;
  /** Where distribution.json may be. Default: that of the process, EDGE_PROJECT or the working directory. */
  distributionFolder?: string | undefined;
  /** What is done next, for people who wait. Default: no report. */
  onStep?: ((step: string) => void) | undefined;
  /** PATH, to find njs. Default: none, and the gate runs without it. */
  path?: string | undefined;
}

/** A local cloud with store, function and distribution. */
export interface PublishedCloud extends Omit<OpenLocalCloud, 'serve'> {
  edge: Edge;
  description: LocalCloud;
  /** Publishes the function as the working tree builds it now. */
  publish(): Promise<Release>;
}

/**
 * Opens a local cloud and sets it up like an account: store, function and distribution, with the same code and API
 * calls.
 */
export async function openPublishedCloud(options: PublishedCloudOptions): Promise<PublishedCloud> {
  const { config, signal, path, distributionFolder, onStep = () => undefined } = options;
  const env = distributionFolder === undefined ? process.env : { EDGE_PROJECT: distributionFolder };
  onStep('starting the origins and the control plane');
  const cloud = await openLocalCloud({
    ...options,
    readDistribution: (values) => loadDistribution({ config, env, local: { env: values } }),
  });
  try {
    const aws = openAws({ env: {}, local: { controlPlane: cloud.controlPlane.url } });
    onStep('creating the key-value store');
    const { arn: keyValueStoreArn } = await createStore(aws, { name: config.keyValueStoreName, keyPrefix: config.keyPrefix, signal });
    const cloudFront = await aws.cloudFront();
    const openJudged = () => openRuntime({ env: { PATH: path }, now: Date.now, progress: () => undefined });
    const openStore = async (arn: string) => openKeyValueStore(await aws.keyValueStore(), arn, { keyPrefix: config.keyPrefix });
    const publish = () => publishRouter({ cloudFront, keyValueStoreArn, openStore, config, njs: findNjs(path), openRuntime: openJudged });
    onStep('building, proving and publishing the edge function');
    await publish();
    onStep('creating the distribution and starting the edge');
    const distribution = await applyDistribution({ client: cloudFront, file: cloud.distribution }, { signal });
    return { ...cloud, ...(await cloud.serve(distribution.id, keyValueStoreArn)), publish };
  } catch (error) {
    await cloud.close();
    throw error;
  }
}
