import { type LocalCloud, readLocalCloud } from '../config/local-cloud.ts';
import type { FlagStore } from '../core/flag-store.ts';
import { openAws } from './clients.ts';
import { findKeyValueStoreArn } from './find-key-value-store.ts';

export interface OpenFlagStoreOptions {
  /** AWS_*, EDGE_KVS_ARN (saves a call to the control plane), EDGE_LOCAL_PORT. */
  env: Readonly<Record<string, string | undefined>>;
  /** The running local cloud in place of AWS. */
  isLocal: boolean;
  /** `keyValueStoreName` of edge.config.ts. */
  name: string;
  log?: (line: string) => void;
  signal?: AbortSignal;
}

/** The store that holds the health record, and the local cloud when it is there. */
export async function openFlagStore(
  options: OpenFlagStoreOptions,
): Promise<{ store: FlagStore; arn: string; local: LocalCloud | undefined }> {
  const { env, isLocal, name, log, signal } = options;
  // The SDK loads while the local cloud answers.
  const loading = import('./key-value-store.ts');
  const local = isLocal ? await readLocalCloud(env) : undefined;
  const aws = openAws({ env, local });
  const arn = local?.keyValueStoreArn ?? (await findKeyValueStoreArn(aws, name, env['EDGE_KVS_ARN']));
  const [{ openKeyValueStore }, client] = await Promise.all([loading, aws.keyValueStore()]);
  return { store: openKeyValueStore(client, arn, { ...(log && { log }), ...(signal && { signal }) }), arn, local };
}
