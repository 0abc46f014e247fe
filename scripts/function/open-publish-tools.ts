import { type Aws, openAws } from '../../src/aws/clients.ts';
import { withoutWrites } from '../../src/aws/dry-run.ts';
import { askToWrite, nameTarget } from '../../src/cli/ask-to-write.ts';
import type { Io } from '../../src/cli/io.ts';
import { nameOperator } from '../../src/cli/name-operator.ts';
import type { EdgeConfig } from '../../src/config/edge-config.ts';
import { readLocalCloud } from '../../src/config/local-cloud.ts';
import { findNjs } from '../../src/edge/njs/njs.ts';
import { EdgeError } from '../../src/errors.ts';
import { findReadyStore } from '../../src/publish/find-ready-store.ts';

import type { PlannedRelease } from '../../src/publish/publish-tools.ts';
import { readRevision } from '../../src/publish/read-revision.ts';
import type { RollbackTools } from '../../src/publish/rollback-function.ts';
import { openRuntime } from './open-runtime.ts';

export interface OpeningOptions {
  config: EdgeConfig;
  /** The running local cloud in place of AWS. */
  local: boolean;
  by?: string | undefined;
  /** Both clients refuse to write. */
  dryRun?: boolean;
  /** Write without asking. */
  yes?: boolean;
  /** Publish although njs, which has CloudFront's grammar, is not here to prove the code. */
  withoutNjs?: boolean;
}

/** What the commands that publish work with, on AWS or the local cloud. */
export async function openPublishTools(io: Io, options: OpeningOptions): Promise<RollbackTools> {
  const { config, local: isLocal, by, dryRun = false, yes = false, withoutNjs = false } = options;
  const { env, signal } = io;
  const njs = findNjs(env['PATH']);
  if (njs === undefined && !dryRun && !withoutNjs)
    throw new EdgeError('TOOL_MISSING', 'njs is not on PATH, so the code cannot be proven in the engine whose grammar is CloudFront’s', {
      hint: 'apt-get install njs; or --without-njs, and the code goes LIVE unproven',
    });
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
    njs,
    ...(dryRun ? {} : { confirm: (release: PlannedRelease) => confirmRelease(release, { isLocal, yes, region: aws.region }, io) }),
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

/** Says where the release goes, and asks. */
async function confirmRelease(
  { name, version, sha256, keyValueStoreArn }: PlannedRelease,
  { isLocal, yes, region }: { isLocal: boolean; yes: boolean; region: string },
  io: Io,
): Promise<void> {
  const resource = `store ${keyValueStoreArn.split('/').at(-1)}, ${region}`;
  const where = isLocal ? 'the local cloud' : nameTarget({ isLocal, resource, arn: keyValueStoreArn }, io.env);
  const what = `${name} v${version}, ${sha256.slice(0, 12)}`;
  if (await askToWrite(io, yes, 'publish this', `${where}: ${what} becomes LIVE`)) return;
  throw new EdgeError('DECLINED', 'nothing was published', { hint: 'the question was not answered with y' });
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
