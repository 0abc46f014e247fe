import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EdgeConfig } from '../config/edge-config.ts';
import { EdgeError } from '../errors.ts';
import { type BuiltFunction, buildFunction } from './build.ts';
import { checkSyntax } from './gate/check-syntax.ts';
import { type GateReport, gate } from './gate/gate.ts';
import { formatGateProblem, type GateProblem, type GateRule } from './gate/problem.ts';

/** A function that may be published. */
export interface ProvenFunction extends BuiltFunction {
  njs: GateReport['njs'];
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
  if (report.problems.length === 0) return { ...built, njs: report.njs };
  throw new EdgeError('GATE_REFUSED', locateProblems(report.problems, built).map(describeProblem).join('\n'), {
    hint: 'CloudFront would accept the code and fail at every request; docs/decisions/002-syntax-gate.md lists what it runs',
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
