// A process of its own, because a construct cannot wait: builds the function and the flipper's zip for api/cdk.ts.
import { writeFile } from 'node:fs/promises';
import { stdout } from 'node:process';
import { text } from 'node:stream/consumers';
import { parseProject } from '../../src/config/environments.ts';
import { loadModule } from '../../src/config/load-module.ts';
import { locateTeamCode } from '../../src/config/open-project.ts';
import { findNjs } from '../../src/edge/njs/njs.ts';
import { proveFunction } from '../../src/edge/prove-function.ts';
import { EdgeError } from '../../src/errors.ts';
import { packageFlipper } from '../../src/flipper/lambda/package-flipper.ts';
import { builtFile, packageFile } from '../../src/package-files.ts';
import { messageOrStackOf } from '../../src/text/message-of.ts';

/** What api/cdk.ts writes to stdin. */
export interface BuildOrder {
  /** A module that exports the configuration. */
  config: string;
  environment: string | undefined;
  /** Folder from which the team's code is named. */
  cwd: string;
  /** Path of distribution.json. */
  distribution: string | undefined;
  /** Where the flipper's zip goes; undefined without a flipper. */
  zip: string | undefined;
}

export type BuildAnswer =
  | { code: string; warnings: string[]; sha256: string | undefined }
  | { error: { code: string | undefined; message: string; hint: string | undefined } };

stdout.write(JSON.stringify(await answer(JSON.parse(await text(process.stdin)) as BuildOrder)));

async function answer({ config: file, environment, cwd, distribution, zip }: BuildOrder): Promise<BuildAnswer> {
  try {
    const { default: written } = await loadModule(file);
    const { config } = parseProject(written, { EDGE_ENV: environment });
    const { code, warnings } = await proveFunction({ config: locateTeamCode(config, cwd), njs: findNjs(process.env['PATH']) });
    if (zip === undefined) return { code, warnings, sha256: undefined };
    const entry = builtFile('lambda-handler.js') ?? packageFile('scripts/lambda-handler.ts');
    const flipper = await packageFlipper({ entry, config: file, distribution });
    await writeFile(zip, flipper.zip);
    return { code, warnings, sha256: flipper.sha256 };
  } catch (error) {
    if (error instanceof EdgeError) return { error: { code: error.code, message: error.message, hint: error.hint } };
    return { error: { code: undefined, message: messageOrStackOf(error), hint: undefined } };
  }
}
