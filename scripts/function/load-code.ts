import { openAws } from '../../src/aws/clients.ts';
import type { Io } from '../../src/cli/io.ts';
import type { EdgeConfig } from '../../src/config/edge-config.ts';
import { readLocalCloud } from '../../src/config/local-cloud.ts';
import type { FunctionSource } from '../../src/edge/execution.ts';
import { EdgeError } from '../../src/errors.ts';

/** Code to be run, with what it is called in front of people. */
export interface LoadedCode extends FunctionSource {
  label: string;
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
    throw new EdgeError('NOT_FOUND', `${config.functionName} was never published: nothing is LIVE`, { hint: 'npm run function:publish' });
  return { code: Buffer.from(live.code).toString('utf8'), sha256: live.sha256, label: `LIVE, ${describeStage(live, io.now())}` };
}
