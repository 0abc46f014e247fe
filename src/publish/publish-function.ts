import { openSteps } from './open-steps.ts';
import { proveFunction } from './prove-function.ts';
import { type PublishOptions, type PublishTools, resolveTools } from './publish-tools.ts';
import { type Release, releaseCode } from './release-code.ts';

/**
 * Builds the function of the working tree, proves it and makes it LIVE. Two reads and no write when LIVE is this code already. TEST_FAILED,
 * GATE_REFUSED and CONFLICT say what speaks against it; nothing reaches LIVE then.
 */
export async function publishFunction(tools: PublishTools, options: PublishOptions = {}): Promise<Release> {
  const { config, njs, revision } = tools;
  const steps = openSteps(resolveTools(tools));
  const built = await steps.run(
    'build',
    () => proveFunction({ config, njs }),
    ({ bytes, sha256, njs: engine }) => {
      const asked = engine === 'passed' ? 'the gate and njs take it' : 'the gate takes it, njs is absent';
      return `${bytes} bytes, ${sha256.slice(0, 12)}, ${asked}`;
    },
  );
  return releaseCode({ code: Buffer.from(built.code), sha256: built.sha256, revision }, tools, options, steps);
}
