import { hostname } from 'node:os';
import { judgeRun } from '../../local/runtime/judge-run.ts';
import { type Aws, openAws } from '../../src/aws/clients.ts';
import { withoutWrites } from '../../src/aws/dry-run.ts';
import type { Io } from '../../src/cli/io.ts';
import { readLocalCloud } from '../../src/cli/local-cloud.ts';
import type { EdgeConfig } from '../../src/config/edge-config.ts';
import { findNjs, openNjsRuntime } from '../../src/edge/njs.ts';
import type { AnyRuntime } from '../../src/operations/explain/run-all.ts';
import { findReadyStore } from '../../src/operations/publish/find-ready-store.ts';

import { readRevision } from '../../src/operations/publish/read-revision.ts';
import type { RollbackTools } from '../../src/operations/publish/rollback-function.ts';

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
  const { USER, LOGNAME } = env;
  return {
    cloudFront: dryRun ? withoutWrites(cloudFront) : cloudFront,
    keyValueStoreArn:
      local?.keyValueStoreArn ??
      (() => findReadyStore(aws, config.keyValueStoreName, env['EDGE_KVS_ARN'], { progress: io.progress, signal })),
    openStore: (arn) => openStore(aws, arn, { dryRun, log: io.progress, signal }),
    config,
    njs: findNjs(env['PATH']),
    openRuntime: () => openRuntime(io),
    by: by ?? `${USER || LOGNAME || 'somebody'}@${hostname()}`,
    revision: await revision,
    log: io.stderr,
    progress: io.progress,
    signal,
    now: io.now,
    columns: io.columns,
    colour: io.colour,
  };
}

/** njs, which starts in milliseconds; workerd where it is not installed. Both hold a run to CloudFront's rules. */
export async function openRuntime(io: Io): Promise<AnyRuntime> {
  const njs = findNjs(io.env['PATH']);
  if (njs !== undefined) return openNjsRuntime({ njs, judge: judgeRun, now: io.now });
  const { openFunctionRuntime } = await import('../../local/runtime/function-runtime.ts');
  return openFunctionRuntime({ log: io.progress, now: io.now });
}

async function openStore(
  aws: Aws,
  arn: string,
  { dryRun, log, signal }: { dryRun: boolean; log: (line: string) => void; signal: AbortSignal },
) {
  const [{ openKeyValueStore }, client] = await Promise.all([import('../../src/aws/key-value-store.ts'), aws.keyValueStore()]);
  return openKeyValueStore(dryRun ? withoutWrites(client) : client, arn, { log, signal });
}
