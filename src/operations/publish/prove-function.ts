import { EdgeError } from '../../cli/errors.ts';
import type { EdgeConfig } from '../../config/edge-config.ts';
import { type BuiltFunction, buildFunction } from '../../edge/build.ts';
import { formatGateProblem } from '../../edge/gate/problem.ts';
import { type GateReport, gate } from '../../edge/gate.ts';

/** A function that may be published, and what was asked before it may. */
export interface ProvenFunction extends BuiltFunction {
  njs: GateReport['njs'];
}

export interface ProveOptions {
  config: EdgeConfig;
  /** See `findNjs`; without it the engine itself is not asked. */
  njs: string | undefined;
}

/** Builds the function of the working tree and holds it against everything CloudFront would refuse. GATE_REFUSED lists every problem with its place. */
export async function proveFunction({ config, njs }: ProveOptions): Promise<ProvenFunction> {
  const built = await buildFunction(config);
  const report = await gate(built.code, { njs });
  if (report.problems.length === 0) return { ...built, njs: report.njs };
  throw new EdgeError('GATE_REFUSED', report.problems.map(formatGateProblem).join('\n'), {
    hint: 'CloudFront would take the code and fail at every request; docs/decisions/002-syntax-gate.md lists what it runs',
  });
}
