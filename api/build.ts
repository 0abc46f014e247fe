/**
 * Builds the edge function and checks it against CloudFront's rules, without CloudFront.
 *
 * @example
 * import { writeFile } from 'node:fs/promises';
 * import { buildFunction } from 'cloudfront-edge-failover/build';
 * import config from './edge.config.ts';
 *
 * const { code, bytes, warnings } = await buildFunction(config);
 * for (const warning of warnings) console.warn(warning);
 * await writeFile('origin-router.js', code);
 * console.log(`${bytes} of 10240 bytes`);
 */
import { env, cwd as workingDirectory } from 'node:process';
import { locateTeamCode } from '../src/config/open-project.ts';
import { buildViewerEvent, someIp } from '../src/edge/ask/ask.ts';
import { inspectFunction } from '../src/edge/check/check-function.ts';
import type { GateProblem } from '../src/edge/gate/problem.ts';
import { judgeRun } from '../src/edge/judge/judge.ts';
import { findNjs } from '../src/edge/njs/njs.ts';
import { proveFunction } from '../src/edge/prove-function.ts';
import { resolveConfig, type WrittenConfig } from './config.ts';

export interface EngineOptions {
  /**
   * Path of njs, the engine that CloudFront's errors come from; `false` for none. Default: `njs` on PATH, none where it
   * is not installed.
   */
  njs?: string | false | undefined;
  /** Ends the work in progress, which then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

export interface BuildOptions extends EngineOptions {
  /** One of the configuration's `environments`; required exactly when it has some. */
  environment?: string | undefined;
  /** Folder from which `before` and `after` of the configuration are named. Default: the working directory. */
  cwd?: string | undefined;
}

/** A function that may be published: it passed every check. */
export interface EdgeFunction {
  /** What goes to CloudFront, for the runtime cloudfront-js-2.0. */
  code: string;
  /** Length of `code` in UTF-8; CloudFront takes 10,240. */
  bytes: number;
  /** SHA-256 of `code`, hex. */
  sha256: string;
  /** `absent`: njs was not there, and no engine loaded the code. */
  njs: 'passed' | 'absent';
  /** What CloudFront may refuse in your own `before` and `after`, one line each. */
  warnings: string[];
}

/**
 * Builds the edge function of a configuration and checks it. Throws EdgeError: CONFIG_INVALID; BUILD_FAILED when the
 * code of `before` or `after` cannot be bundled; GATE_REFUSED when CloudFront would refuse the function or fail with
 * it, a line with file, place and fix for each problem.
 */
export async function buildFunction(config: WrittenConfig, options: BuildOptions = {}): Promise<EdgeFunction> {
  const resolved = locateTeamCode(resolveConfig(config, options.environment), options.cwd ?? workingDirectory());
  const { code, bytes, sha256, njs, warnings } = await proveFunction({
    config: resolved,
    njs: njsOf(options),
    signal: options.signal,
  });
  return { code, bytes, sha256, njs: njs === 'absent' ? njs : 'passed', warnings };
}

export interface CheckOptions extends EngineOptions {
  /** Name of the file in `problems`. Default `function.js`. */
  file?: string | undefined;
}

/** What is wrong with one place of a function. */
export interface FunctionProblem {
  /**
   * `error`: CloudFront refuses it. `warning`: it may fail. `note`: it works, but the local edge needs njs to behave as
   * CloudFront does.
   */
  level: 'error' | 'warning' | 'note';
  file: string;
  /** Line and column from 1. */
  line: number;
  column: number;
  /** Such as `optional-chaining`. */
  rule: string;
  /** The code in question, on one line. */
  found: string;
  /** What to write in its place. */
  instead: string;
}

export interface FunctionReport {
  /** No problem is an error. */
  passed: boolean;
  /** CloudFront takes 10,240. */
  bytes: number;
  /** In the order of the code. */
  problems: FunctionProblem[];
  /** Whether njs loads the code; `absent` without njs, and then nothing was run. */
  njs: 'passed' | 'refused' | 'absent';
}

/**
 * Checks any CloudFront Function, yours or another team's: its rules, and where njs is there one run for `GET /`.
 * Problems are data: only a failure of the check itself throws.
 */
export async function checkFunction(code: string, options: CheckOptions = {}): Promise<FunctionReport> {
  const { file = 'function.js', signal } = options;
  const event = buildViewerEvent({ country: undefined, method: 'GET', ip: someIp });
  const { bytes, problems, njs } = await inspectFunction(
    { file, code, event, isOwnEvent: false, keys: undefined, count: false },
    { njs: njsOf(options), valgrind: undefined, judge: judgeRun, now: Date.now(), signal },
  );
  return { passed: problems.every(({ level }) => level !== 'error'), bytes, problems: problems.map((each) => describe(each, file)), njs };
}

function describe({ level, line, column, rule, found, instead, ...rest }: GateProblem, file: string): FunctionProblem {
  return { level, file: rest.file ?? file, line, column, rule, found, instead };
}

function njsOf({ njs }: EngineOptions): string | undefined {
  return njs === false ? undefined : (njs ?? findNjs(env['PATH']));
}
