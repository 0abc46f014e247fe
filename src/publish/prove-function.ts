import type { EdgeConfig } from '../config/edge-config.ts';
import { type BuiltFunction, buildFunction } from '../edge/build.ts';
import { checkSyntax } from '../edge/gate/check-syntax.ts';
import { formatGateProblem, type GateProblem, type GateRule } from '../edge/gate/problem.ts';
import { type GateReport, gate } from '../edge/gate.ts';
import { EdgeError } from '../errors.ts';

/** A function that may be published, and what was asked before it may. */
export interface ProvenFunction extends BuiltFunction {
  njs: GateReport['njs'];
}

export interface ProveOptions {
  config: EdgeConfig;
  /** See `findNjs`; without it the engine itself is not asked. */
  njs: string | undefined;
  /** The file of the function; default functions/origin-router.ts. */
  entry?: string;
}

/**
 * Builds the function of the working tree and holds it against everything CloudFront would refuse. GATE_REFUSED lists every problem with the file
 * and line that a person wrote, and what to write instead.
 */
export async function proveFunction({ config, njs, entry }: ProveOptions): Promise<ProvenFunction> {
  const built = await buildFunction(config, entry);
  const report = await gate(built.code, { njs });
  if (report.problems.length === 0) return { ...built, njs: report.njs };
  throw new EdgeError('GATE_REFUSED', locateProblems(report.problems, built).map(describeProblem).join('\n'), {
    hint: 'CloudFront would take the code and fail at every request; docs/decisions/002-syntax-gate.md lists what it runs',
  });
}

/** The published bytes are one long line: the same problems are found again in the bundle before minifying, whose map leads to the sources. */
function locateProblems(problems: readonly GateProblem[], { readable, sourceMap }: BuiltFunction): readonly GateProblem[] {
  const located = checkSyntax(readable, { sourceMap });
  if (located.length === 0) return problems;
  // What njs says of the first of them is one of them.
  const rules = new Set<GateRule>([...located.map(({ rule }) => rule), 'njs']);
  return [...located, ...problems.filter(({ rule }) => !rules.has(rule))];
}

/** What is a warning for a stranger's function stops ours. */
function describeProblem(problem: GateProblem): string {
  return formatGateProblem({ ...problem, level: 'error' });
}
