import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EdgeConfig } from '../config/edge-config.ts';
import { EdgeError } from '../errors.ts';
import { pageOf } from '../text/typed.ts';
import { type BuiltFunction, buildFunction } from './build.ts';
import { checkSyntax, findOriginHelpers } from './gate/check-syntax.ts';
import { type GateReport, gate } from './gate/gate.ts';
import { formatGateProblem, type GateProblem, type GateRule } from './gate/problem.ts';

/** A function that may be published. */
export interface ProvenFunction extends BuiltFunction {
  njs: GateReport['njs'];
  /** What CloudFront may refuse in the team's own code, one line each. */
  warnings: string[];
}

export interface ProveOptions {
  config: EdgeConfig;
  /** See `findNjs`; without it no engine loads the code. */
  njs: string | undefined;
  /** The file of the function; default functions/origin-router.ts. */
  entry?: string;
  /** Ends it, and rejects. */
  signal?: AbortSignal | undefined;
}

/**
 * Builds the function of the working tree and checks it for everything CloudFront would refuse. GATE_REFUSED lists
 * every problem with the file and line in the source, and what to write instead.
 */
export async function proveFunction({ config, njs, entry, signal }: ProveOptions): Promise<ProvenFunction> {
  const built = await buildFunction(config, entry).catch(async (error: unknown) => {
    // Ctrl-C ends esbuild, too, and its failure may be seen before the signal: the code is not at fault.
    if (signal !== undefined) await sleep(50);
    signal?.throwIfAborted();
    throw error;
  });
  const report = await gate(built.code, { njs, signal });
  const problems = report.problems.length === 0 ? [] : locateProblems(report.problems, built);
  const refused = [...problems.filter((problem) => mustStop(problem, built)), ...refuseHelpers(config, built)];
  if (refused.length === 0) return { ...built, njs: report.njs, warnings: problems.map(formatGateProblem) };
  throw new EdgeError('GATE_REFUSED', refused.map(describeProblem).join('\n'), {
    hint: `CloudFront would accept the code and fail at every request; ${pageOf('decisions/002-syntax-gate.md')} lists what it runs`,
  });
}

/**
 * The published bytes are one long line: the same problems are found again in the bundle before minifying, whose map
 * leads to the sources.
 */
function locateProblems(problems: readonly GateProblem[], { readable, sourceMap }: BuiltFunction): readonly GateProblem[] {
  const located = checkSyntax(readable, { sourceMap });
  if (located.length === 0) return problems;
  // The refusal by njs repeats the first of them.
  const rules = new Set<GateRule>([...located.map(({ rule }) => rule), 'njs']);
  return [...located, ...problems.filter(({ rule }) => !rules.has(rule))];
}

/** A warning in a function of the team's own stops nothing, as it stops nothing without the router. */
function mustStop({ level, file }: GateProblem, { teamFiles }: BuiltFunction): boolean {
  if (level === 'error' || teamFiles.length === 0) return true;
  // esbuild writes code of its own for what it lowers, and that has no file.
  return file !== undefined && !teamFiles.includes(resolve(file));
}

/** Without services the router calls an origin helper for every request, and CloudFront allows one in a run. */
function refuseHelpers({ services }: EdgeConfig, { readable, sourceMap, teamFiles }: BuiltFunction): GateProblem[] {
  if (services !== undefined || teamFiles.length === 0) return [];
  return findOriginHelpers(readable, sourceMap).filter(({ file }) => file !== undefined && teamFiles.includes(resolve(file)));
}

/** A warning about another team's function is an error in ours. */
function describeProblem(problem: GateProblem): string {
  return formatGateProblem({ ...problem, level: 'error' });
}

/**
 * The revision of the working tree, `1a2b3c4d5e`, with a `+` when something in it is not committed; undefined where git
 * knows nothing.
 */
export function readRevision(folder = '.'): Promise<string | undefined> {
  const describe = ['describe', '--always', '--abbrev=10', '--dirty=+', '--exclude=*'];
  return new Promise((resolve) => {
    execFile('git', describe, { cwd: folder, timeout: 5_000 }, (error, stdout) => {
      const revision = stdout.trim();
      resolve(error === null && /^[0-9a-f]{7,40}\+?$/.test(revision) ? revision : undefined);
    });
  });
}
