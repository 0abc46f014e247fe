import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Aws, openAws } from '../../src/aws/clients.ts';
import { checkAccount } from '../../src/aws/credentials.ts';
import { DryRunEnd, withoutWrites } from '../../src/aws/dry-run.ts';
import { askToWrite, nameOperator, showTarget } from '../../src/cli/ask-to-write.ts';
import type { Io } from '../../src/cli/io.ts';
import { flag, text, type Values } from '../../src/cli/option.ts';
import type { EdgeConfig } from '../../src/config/edge-config.ts';
import { readLocalCloud } from '../../src/config/local-cloud.ts';
import { locateProject } from '../../src/config/open-project.ts';
import { findNjs } from '../../src/edge/njs/njs.ts';
import { readRevision } from '../../src/edge/prove-function.ts';
import { EdgeError } from '../../src/errors.ts';
import { readFixtures } from '../../src/publish/fixtures.ts';
import { formatPublishEvent } from '../../src/publish/format-publish.ts';
import { refuseOtherPublisher } from '../../src/publish/live.ts';
import type { PlannedRelease } from '../../src/publish/publish-tools.ts';
import type { RollbackTools } from '../../src/publish/rollback.ts';
import { awaitStoreArn } from '../../src/store/create-store.ts';
import { openRuntime } from './open-runtime.ts';

/** The options of the commands that publish. */
export const publishOptions = {
  'dry-run': flag('stop before the first write, with clients that cannot write'),
  force: flag('replace code that another publisher left in DEVELOPMENT, or that became LIVE by other means'),
  yes: flag('write without asking'),
  'without-njs': flag('publish without njs; no engine like CloudFront’s has then run the code'),
  by: text('author of the version; $USER@host by default, in a GitHub workflow its repository', { placeholder: 'name' }),
  local: flag('use the running local cloud instead of AWS'),
};

type OpeningValues = Pick<Values<typeof publishOptions>, 'local'> & Partial<Values<typeof publishOptions>>;

/** What the commands that publish work with, on AWS or the local cloud. */
export async function openPublishTools(config: EdgeConfig, values: OpeningValues, io: Io): Promise<RollbackTools> {
  const { local: isLocal, by, 'dry-run': dryRun = false, yes = false, 'without-njs': withoutNjs = false } = values;
  const { env, signal } = io;
  if (!isLocal) refuseOtherPublisher(config);
  const njs = findNjs(env['PATH']);
  if (njs === undefined && !dryRun && !withoutNjs)
    throw new EdgeError('TOOL_MISSING', 'njs is not on PATH, so no engine with CloudFront’s grammar can prove the code', {
      hint: 'apt-get install njs; --without-njs publishes the code unproven',
    });
  const revision = readRevision();
  const local = isLocal ? await readLocalCloud(env) : undefined;
  const aws = openAws({ env, local });
  const cloudFront = await aws.cloudFront();
  const findStore = async () => {
    const arn = await awaitStoreArn(aws, config.keyValueStoreName, env['EDGE_KVS_ARN'], { progress: io.progress, signal });
    checkAccount(arn.split(':')[4], config.accountId);
    showTarget(io, { isLocal, resource: `store ${config.keyValueStoreName}`, arn }, false);
    return arn;
  };
  if (isLocal) showTarget(io, { isLocal, resource: `store ${config.keyValueStoreName}` }, false);
  const ownFixtures = join(locateProject(env).folder, 'test/fixtures/events');
  return {
    ...(existsSync(ownFixtures) && { fixtures: await readFixtures(ownFixtures) }),
    cloudFront: dryRun ? withoutWrites(cloudFront) : cloudFront,
    keyValueStoreArn: local?.keyValueStoreArn ?? findStore,
    openStore: (arn) => openStore(aws, arn, { dryRun, log: io.progress, signal, keyPrefix: config.keyPrefix }),
    config,
    njs,
    ...(dryRun
      ? {}
      : {
          confirm: (release: PlannedRelease) =>
            confirmRelease(release, { isLocal, yes, region: aws.region, storeName: config.keyValueStoreName }, io),
        }),
    openRuntime: () => openRuntime(io),
    by: by ?? nameAuthor(env),
    revision: await revision,
    report: (event) => {
      for (const line of formatPublishEvent(event, io)) io.stderr(line);
    },
    progress: io.progress,
    signal,
    now: io.now,
  };
}

/** The result of a dry run; throws any other error. */
export function showDryRun(error: unknown, io: Io): void {
  if (!(error instanceof DryRunEnd)) throw error;
  io.result({ outcome: 'dry-run', wouldSend: error.operation }, [`dry run: the first write would be ${error.operation}; nothing was sent`]);
}

/** Says where the release goes, and asks. */
async function confirmRelease(
  { name, version, sha256, keyValueStoreArn }: PlannedRelease,
  { isLocal, yes, region, storeName }: { isLocal: boolean; yes: boolean; region: string; storeName: string },
  io: Io,
): Promise<void> {
  const resource = `store ${storeName}${isLocal ? '' : `, ${region}`}`;
  const where = showTarget(io, { isLocal, resource, arn: keyValueStoreArn }, false);
  const what = `${name} v${version}, ${sha256.slice(0, 12)}`;
  if (await askToWrite(io, yes, 'publish this', `${where}: ${what} becomes LIVE`)) return;
  throw new EdgeError('DECLINED', 'nothing was published', { hint: 'only the answer y publishes' });
}

async function openStore(
  aws: Aws,
  arn: string,
  { dryRun, ...options }: { dryRun: boolean; log: (line: string) => void; signal: AbortSignal; keyPrefix: string | undefined },
) {
  const [{ openKeyValueStore }, client] = await Promise.all([import('../../src/aws/key-value-store.ts'), aws.keyValueStore()]);
  return openKeyValueStore(dryRun ? withoutWrites(client) : client, arn, options);
}

/**
 * One name for all runs of a workflow: each has another host, and one run must be able to replace what another left.
 */
function nameAuthor(env: Io['env']): string {
  const { GITHUB_REPOSITORY } = env;
  return GITHUB_REPOSITORY ? `github:${GITHUB_REPOSITORY}` : nameOperator(env);
}
