import { join } from 'node:path';
import { maxFunctionBytes } from '../kvs/limits.ts';
import { defineCommand } from '../src/cli/command.ts';
import { writeMadeFile } from '../src/cli/files.ts';
import { locateProject, openProject } from '../src/config/open-project.ts';
import { findNjs } from '../src/edge/njs/njs.ts';
import { proveFunction } from '../src/edge/prove-function.ts';

/**
 * The built function, in the project's folder: exactly the bytes that function:publish would publish. Each environment
 * has its own folder.
 */
const fileOf = (environment = '') => join('dist/functions', environment, 'origin-router.js');

export default defineCommand({
  usage: 'function:build',
  summary: `Builds the edge function, checks it against CloudFront's rules, and writes the bytes that would be published to ${fileOf()}.`,
  examples: ['function:build', 'function:build -- --json'],
  options: {},
  main: async (_given, io) => {
    const { config, environment } = await openProject(io);
    const file = join(locateProject(io.env).folder, fileOf(environment));
    const { code, bytes, sha256, njs, warnings } = await proveFunction({
      config,
      njs: findNjs(io.env['PATH']),
      signal: io.signal,
    });
    for (const warning of warnings) io.stderr(warning);
    await writeMadeFile(file, code);
    io.result({ file, bytes, sha256, njs, warnings }, [
      `file    ${file}`,
      `size    ${bytes} bytes of ${maxFunctionBytes}`,
      `sha256  ${sha256}`,
      `gate    passed`,
      `njs     ${njs === 'absent' ? 'not installed: no engine loaded the code (apt-get install njs)' : njs}`,
    ]);
  },
});
