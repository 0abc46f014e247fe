import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { openAws } from '../../src/aws/clients.ts';
import type { Io } from '../../src/cli/io.ts';
import type { EdgeConfig } from '../../src/config/edge-config.ts';
import { readLocalCloud } from '../../src/config/local-cloud.ts';
import type { FunctionSource } from '../../src/edge/execution.ts';
import { EdgeError } from '../../src/errors.ts';
import { messageOf } from '../../src/text/message-of.ts';
import { typed } from '../../src/text/typed.ts';

/** Code to be run, with what it is called in front of people. */
export interface LoadedCode extends FunctionSource {
  label: string;
}

/**
 * The function that a text names: `live`, `config`, the number of a version of function:history, or a file. NOT_FOUND
 * when there is none.
 */
export async function loadNamedCode(name: string, config: EdgeConfig, options: { local: boolean; io: Io }): Promise<LoadedCode> {
  if (/^live$/i.test(name)) return loadLiveCode(config, options);
  if (/^config$/i.test(name)) return loadTreeCode(config);
  const version = versionPattern.exec(name)?.[1];
  return version === undefined ? loadFile(name) : loadVersion(Number(version), config, options);
}

/** Whether the code of this name is in an account: it is LIVE, or a version. */
export function isOnAws(name: string): boolean {
  return /^live$/i.test(name) || versionPattern.test(name);
}

const versionPattern = /^v?(\d{1,9})$/;

async function loadFile(path: string): Promise<LoadedCode> {
  try {
    const code = await readFile(path, 'utf8');
    const sha256 = createHash('sha256').update(code).digest('hex');
    return { code, sha256, label: `${path}, ${sha256.slice(0, 12)}` };
  } catch (cause) {
    throw new EdgeError('NOT_FOUND', `cannot read ${path}: ${messageOf(cause)}`, {
      cause,
      hint: `name a function’s file, live, config, or the number of a version of ${typed('function:history')}`,
    });
  }
}

async function loadVersion(version: number, config: EdgeConfig, { local, io }: { local: boolean; io: Io }): Promise<LoadedCode> {
  const [{ openPublishTools }, { readStage }, { readHistory, readVersionCode }] = await Promise.all([
    import('./open-publish-tools.ts'),
    import('../../src/publish/stage.ts'),
    import('../../src/publish/versions.ts'),
  ]);
  const { cloudFront, keyValueStoreArn, openStore } = await openPublishTools(config, { local, 'dry-run': true }, io);
  const live = await readStage(cloudFront, config.functionName, 'LIVE');
  const store = await openStore(
    live?.keyValueStoreArn ?? (typeof keyValueStoreArn === 'string' ? keyValueStoreArn : await keyValueStoreArn()),
  );
  const known = await readHistory(store);
  const record = known.find((each) => each.version === version);
  if (record === undefined)
    throw new EdgeError('NOT_FOUND', `version ${version} of ${config.functionName} is not in the key-value store`, {
      hint: known.length === 0 ? typed('function:history') : `versions there: ${known.map((each) => each.version).join(', ')}`,
    });
  const code = Buffer.from(await readVersionCode(store, record)).toString('utf8');
  return { code, sha256: record.sha256, label: `v${version}, ${record.sha256.slice(0, 12)}` };
}

/** The function as the working tree builds it. */
export async function loadTreeCode(config: EdgeConfig): Promise<LoadedCode> {
  const { buildFunction } = await import('../../src/edge/build.ts');
  const { code, sha256, bytes } = await buildFunction(config);
  return { code, sha256, label: `working tree, ${sha256.slice(0, 12)}, ${bytes} bytes` };
}

/** The function as viewers get it, in two reads. NOT_FOUND when nothing is LIVE. */
export async function loadLiveCode(config: EdgeConfig, { local: isLocal, io }: { local: boolean; io: Io }): Promise<LoadedCode> {
  const local = isLocal ? await readLocalCloud(io.env) : undefined;
  const [client, { describeStage, readStage }] = await Promise.all([
    openAws({ env: io.env, local }).cloudFront(),
    import('../../src/publish/stage.ts'),
  ]);
  const live = await readStage(client, config.functionName, 'LIVE');
  if (live === undefined)
    throw new EdgeError('NOT_FOUND', `${config.functionName} was never published: nothing is LIVE`, { hint: typed('function:publish') });
  return { code: Buffer.from(live.code).toString('utf8'), sha256: live.sha256, label: `LIVE, ${describeStage(live, io.now())}` };
}
