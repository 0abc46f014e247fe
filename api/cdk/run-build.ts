import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { execPath } from 'node:process';
import { pathToFileURL } from 'node:url';
import { EdgeError } from '../../src/errors.ts';
import { builtFile, packageFile } from '../../src/package-files.ts';
import type { BuildAnswer, BuildOrder } from './build-edge.ts';

type Built = Exclude<BuildAnswer, { error: unknown }>;

const known = new Map<string, { built: Built; zip: Buffer | undefined }>();

/** Stacks of one app that have the same configuration share a build, which takes a process some seconds. */
export function buildOnce(order: BuildOrder, key: string | undefined): Built {
  const earlier = key === undefined ? undefined : known.get(key);
  if (earlier !== undefined && (order.zip === undefined || earlier.zip !== undefined)) {
    if (order.zip !== undefined && earlier.zip !== undefined) writeFileSync(order.zip, earlier.zip);
    return earlier.built;
  }
  const built = runBuild(order);
  if (key !== undefined) known.set(key, { built, zip: order.zip === undefined ? undefined : readFileSync(order.zip) });
  return built;
}

/** Builds at once, in a process that this one waits for: the constructor of a construct cannot await. */
export function runBuild(order: BuildOrder): Built {
  const { stdout, stderr, error } = spawnSync(execPath, ['--no-warnings', ...programOf()], {
    input: JSON.stringify(order),
    encoding: 'utf8',
    maxBuffer: 64 * 1_024 * 1_024,
  });
  if (error !== undefined) throw error;
  const answer = parseAnswer(stdout);
  if (answer === undefined) throw new Error(`the build ended without an answer: ${stderr}`);
  if (!('error' in answer)) return answer;
  const { code, message, hint } = answer.error;
  if (code === undefined) throw new Error(message);
  throw new EdgeError(code as EdgeError['code'], message, hint === undefined ? {} : { hint });
}

/** The CDK prints an error's message alone: code and hint become part of it. */
export function synthError(error: unknown): unknown {
  if (!(error instanceof EdgeError)) return error;
  const { code, message, hint } = error;
  const lines = [`${code}: ${message}`, ...(hint === undefined ? [] : [`hint: ${hint}`])];
  return new EdgeError(code, lines.join('\n'), { cause: error, ...(hint !== undefined && { hint }) });
}

function parseAnswer(text: string): BuildAnswer | undefined {
  try {
    return JSON.parse(text) as BuildAnswer;
  } catch {
    return undefined;
  }
}

/** From the sources, as in this repository's own tests, it needs a loader for TypeScript. */
function programOf(): string[] {
  const built = builtFile('cdk-build.js');
  if (built !== undefined) return [built];
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx/esm')).href;
  return ['--import', loader, packageFile('api/cdk/build-edge.ts')];
}

/**
 * A module that exports the value: a configuration is data, and JSON has no word for undefined, which takes a field
 * away.
 */
export function toModule(value: unknown): string {
  return `export default ${toSource(value)};\n`;
}

function toSource(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toSource).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined';
  return `{${Object.entries(value)
    .map(([key, item]) => `[${JSON.stringify(key)}]:${toSource(item)}`)
    .join(',')}}`;
}
