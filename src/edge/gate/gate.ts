import { maxFunctionBytes } from '../../../kvs/limits.ts';
import { typed } from '../../text/typed.ts';
import { findNjsNeeds, type NjsNeed } from '../njs/needs-njs.ts';
import { runBatch } from '../njs/run-batch.ts';
import { type CheckSyntaxOptions, checkSyntax } from './check-syntax.ts';
import type { GateProblem } from './problem.ts';

export interface GateOptions extends CheckSyntaxOptions {
  /** The path of njs, see `findNjs`; without it no engine loads the code. */
  njs?: string | undefined;
  /** Ends njs; the gate then rejects. */
  signal?: AbortSignal | undefined;
}

export interface GateReport {
  /** Empty when our function may be published; another team's function may have warnings, see `isRefusal`. */
  problems: GateProblem[];
  /** Where V8 behaves differently from CloudFront; never a reason to stop. */
  notes: GateProblem[];
  bytes: number;
  /** The engine's own answer; `absent` without njs. */
  njs: 'passed' | 'refused' | 'absent';
}

/** All checks before code may be published: its size, its syntax and built-ins, and whether njs loads it. */
export async function gate(code: string, options: GateOptions = {}): Promise<GateReport> {
  const problems = [...checkCodeSize(code), ...checkSyntax(code, options)];
  const notes = findNjsNeeds(code).map((need) => describeNeed(need, options.file));
  const bytes = Buffer.byteLength(code);
  if (options.njs === undefined) return { problems, notes, bytes, njs: 'absent' };
  const refusal = await loadInNjs(options.njs, code, options.signal);
  if (refusal === undefined) return { problems, notes, bytes, njs: 'passed' };
  // The line of the built code; the syntax problems before it name the line of the source.
  const line = Number(/ in (\d+)$/.exec(refusal)?.[1] ?? 1);
  problems.push({
    level: 'error',
    file: options.file,
    line,
    column: 1,
    found: refusal,
    rule: 'njs',
    instead: 'CloudFront’s engine would stop here, and every request would get a 503',
  });
  return { problems, notes, bytes, njs: 'refused' };
}

function describeNeed({ line, what }: NjsNeed, file: string | undefined): GateProblem {
  const instead = `V8 behaves differently from CloudFront’s engine here: ${typed('edge')} runs the function in njs`;
  return { level: 'note', needsNjs: true, file, line, column: 1, found: what, rule: 'engine', instead };
}

/** A problem when the code exceeds CloudFront's limit, which counts bytes and not characters. */
export function checkCodeSize(code: string): GateProblem[] {
  const bytes = Buffer.byteLength(code);
  if (bytes <= maxFunctionBytes) return [];
  const found = `${bytes} bytes, the limit is ${maxFunctionBytes}`;
  const instead = 'move tables into the KeyValueStore';
  return [{ level: 'error', file: undefined, line: 1, column: 1, found, rule: 'size', instead }];
}

/** Loads the code as CloudFront would before the first request, its top level included, and runs no event. */
async function loadInNjs(njs: string, code: string, signal: AbortSignal | undefined): Promise<string | undefined> {
  const { loadFailure } = await runBatch(
    njs,
    { code, associated: true, now: 0, runs: [] },
    { timeLimitMs: 5_000, ...(signal && { signal }) },
  );
  return loadFailure;
}
