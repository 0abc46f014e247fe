/** One thing in a function's code that CloudFront does not promise to run. */
export interface GateProblem {
  /** The file a person wrote when a source map leads there, else the name given with the code; undefined without either. */
  file: string | undefined;
  /** From 1. */
  line: number;
  /** From 1. */
  column: number;
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
}

/** `functions/origin-router.ts:12:7 optional-chaining: a?.b; write a && a.b` */
export function formatGateProblem(problem: GateProblem): string {
  const place = [problem.file ?? 'function', problem.line, problem.column].join(':');
  return `${place} ${problem.rule}: ${problem.found}; ${problem.instead}`;
}
