import { type Aws, openAws } from '../../src/aws/clients.ts';
import { withoutWrites } from '../../src/aws/dry-run.ts';
import type { Io } from '../../src/cli/io.ts';
import { readLocalCloud } from '../../src/cli/local-cloud.ts';
import { nameOperator } from '../../src/cli/name-operator.ts';
import type { EdgeConfig } from '../../src/config/edge-config.ts';
import { findNjs } from '../../src/edge/njs.ts';
import { findReadyStore } from '../../src/operations/publish/find-ready-store.ts';

import { readRevision } from '../../src/operations/publish/read-revision.ts';
import type { RollbackTools } from '../../src/operations/publish/rollback-function.ts';
import { openRuntime } from './open-runtime.ts';

export interface OpeningOptions {
  config: EdgeConfig;
  /** The running local cloud in place of AWS. */
  local: boolean;
  by?: string | undefined;
  /** Both clients refuse to write. */
  dryRun?: boolean;
}

/** What the commands that publish work with, on AWS or the local cloud. */
export async function openPublishTools(io: Io, { config, local: isLocal, by, dryRun = false }: OpeningOptions): Promise<RollbackTools> {
  const { env, signal } = io;
  const revision = readRevision();
  const local = isLocal ? await readLocalCloud(env) : undefined;
  const aws = openAws({ env, local });
  const cloudFront = await aws.cloudFront();
  return {
    cloudFront: dryRun ? withoutWrites(cloudFront) : cloudFront,
    keyValueStoreArn:
      local?.keyValueStoreArn ??
      (() => findReadyStore(aws, config.keyValueStoreName, env['EDGE_KVS_ARN'], { progress: io.progress, signal })),
    openStore: (arn) => openStore(aws, arn, { dryRun, log: io.progress, signal }),
    config,
    njs: findNjs(env['PATH']),
    openRuntime: () => openRuntime(io),
    by: by ?? nameAuthor(env),
    revision: await revision,
    log: io.stderr,
    progress: io.progress,
    signal,
    now: io.now,
    columns: io.columns,
    colour: io.colour,
  };
}

async function openStore(
  aws: Aws,
  arn: string,
  { dryRun, log, signal }: { dryRun: boolean; log: (line: string) => void; signal: AbortSignal },
) {
  const [{ openKeyValueStore }, client] = await Promise.all([import('../../src/aws/key-value-store.ts'), aws.keyValueStore()]);
  return openKeyValueStore(dryRun ? withoutWrites(client) : client, arn, { log, signal });
}

/** Each run of a workflow has another host: what one leaves in DEVELOPMENT is the next one's to replace, so all of them have one name. */
function nameAuthor(env: Io['env']): string {
  const { GITHUB_REPOSITORY } = env;
  return GITHUB_REPOSITORY ? `github:${GITHUB_REPOSITORY}` : nameOperator(env);
}
