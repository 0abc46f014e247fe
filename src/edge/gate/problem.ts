/**
 * `error`: the engine or a documented rule of CloudFront refuses it. `warning`: AWS's page does not list it although the engine runs it, or it fails only when it is
 * reached. `note`: nothing is wrong with the code, but V8 at the local edge does something else than CloudFront.
 */
export type GateLevel = 'error' | 'warning' | 'note';

/** One thing in a function's code that CloudFront does not promise to run. */
export interface GateProblem {
  level: GateLevel;
  /** Set when V8 does not do here what CloudFront does: `npm run edge -- --engine njs` does. */
  needsNjs?: true;
  /** The file a person wrote when a source map leads there, else the name given with the code; undefined without either. */
  file: string | undefined;
  /** From 1. */
  line: number;
  /** From 1. */
  column: number;
  /** Where it ends, from 1, the column behind the last character; absent without a place of its own. */
  endLine?: number;
  endColumn?: number;
  /** The code in question, on one line, cut to 60 characters. */
  found: string;
  rule: GateRule;
  /** What to write instead. */
  instead: string;
}

export type GateRule =
  | 'size'
  | 'parse'
  | 'handler'
  | 'import'
  | 'export'
  | 'module'
  | 'global'
  | 'built-in'
  | 'constructor'
  | 'console'
  | 'dynamic-code'
  | 'timer'
  | 'await-in-arguments'
  | 'async-closure'
  | 'top-level-await'
  | 'destructuring'
  | 'default-parameter'
  | 'spread'
  | 'optional-chaining'
  | 'nullish'
  | 'logical-assignment'
  | 'optional-catch-binding'
  | 'for-of'
  | 'class'
  | 'generator'
  | 'bigint'
  | 'tagged-template'
  | 'meta-property'
  | 'object-literal'
  | 'number-literal'
  | 'escape'
  | 'regex-flag'
  | 'trailing-comma'
  | 'block-function'
  | 'statement'
  | 'html-comment'
  | 'line-end'
  | 'character'
  | 'regex'
  | 'late-binding'
  | 'stand-in'
  | 'engine'
  | 'njs';

/** A problem before it is placed: offsets into the code, `text` in place of the code found there. */
export interface Finding {
  start: number;
  end: number;
  /** Where the problem is placed when that is not the start: the member at the end of a long chain. */
  at?: number;
  rule: GateRule;
  instead: string;
  text?: string;
  /** Default: what levels.ts says of the rule and the place. */
  level?: GateLevel;
  needsNjs?: true;
}

/** Whether CloudFront refuses the code, or may: what a stranger's function is stopped for. Our own is stopped for warnings, too. */
export function isRefusal({ level }: Pick<GateProblem, 'level'>): boolean {
  return level === 'error';
}

/** `functions/origin-router.ts:12:7 optional-chaining: a?.b; write a && a.b`; a warning or a note says that it is one. */
export function formatGateProblem(problem: GateProblem): string {
  const place = [problem.file ?? 'function', problem.line, problem.column].join(':');
  const level = problem.level === 'error' ? '' : `${problem.level} `;
  return `${place} ${level}${problem.rule}: ${problem.found}; ${problem.instead}`;
}
