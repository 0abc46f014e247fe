import edgeConfig from '../edge.config.ts';
import { run } from '../src/cli/run.ts';
import { parseEdgeConfig } from '../src/config/edge-config.ts';
import { findNjs } from '../src/edge/njs/njs.ts';
import { proveFunction } from '../src/publish/prove-function.ts';
import { functionFile, writeFunction } from '../src/publish/write-function.ts';

await run({
  usage: 'function:build',
  summary: `Builds the edge function and holds it against what CloudFront runs; writes ${functionFile}, the bytes that would be published.`,
  examples: ['function:build', 'function:build -- --json'],
  options: {},
  main: async (_given, io) => {
    const njs = findNjs(io.env['PATH']);
    const built = await proveFunction({ config: parseEdgeConfig(edgeConfig), njs });
    await writeFunction(functionFile, built.code);
    const { bytes, sha256 } = built;
    io.result({ file: functionFile, bytes, sha256, njs: built.njs }, [
      `file    ${functionFile}`,
      `size    ${bytes} bytes of 10240`,
      `sha256  ${sha256}`,
      `gate    passed`,
      `njs     ${built.njs === 'absent' ? 'absent: the engine was not asked (apt-get install njs)' : built.njs}`,
    ]);
  },
});
