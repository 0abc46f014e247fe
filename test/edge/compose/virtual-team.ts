// Replaces 'virtual:team', 'virtual:before' and 'virtual:after' when the source of the router is tested: what the build
// makes of the team's files.
import crypto from 'node:crypto';
import querystring from 'node:querystring';
import * as esbuild from 'esbuild';
import type { EdgeConfig } from '../../../src/config/edge-config.ts';
import { teamCode } from '../../../src/edge/team-code.ts';
import cf from '../router/virtual-cloudfront.ts';

type TeamFunction = (...args: unknown[]) => unknown;

export let hasBefore = false;
export let hasAfter = false;
export let beforeTakesEvent = false;
export let afterTakesEvent = false;
export let before: TeamFunction = () => undefined;
export let after: TeamFunction = () => undefined;

const source = `export * from 'virtual:team';
export { default as before } from 'virtual:before';
export { default as after } from 'virtual:after';
`;

/** From here on the router has the team's code of this configuration around it; none without one. */
export async function serveTeam(config: Pick<EdgeConfig, 'before' | 'after'>): Promise<void> {
  const { outputFiles } = await esbuild.build({
    stdin: { contents: source, resolveDir: '/' },
    bundle: true,
    write: false,
    format: 'cjs',
    external: ['cloudfront', 'crypto'],
    plugins: [await teamCode(config)],
  });
  const module: { exports: Record<string, unknown> } = { exports: {} };
  const provided: Record<string, unknown> = { cloudfront: cf, crypto };
  const run = new Function('module', 'require', '__edge_crypto', '__edge_querystring', outputFiles[0]?.text ?? '');
  run(module, (name: string) => provided[name], crypto, querystring);
  ({ hasBefore, hasAfter, beforeTakesEvent, afterTakesEvent, before, after } = module.exports as never);
}
