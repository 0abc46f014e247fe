import { getLineInfo, type ImportDeclaration, Parser, type Program, type Token, tokTypes } from 'acorn';
import { listedModules } from './listed.ts';
import type { GateFinding } from './problem.ts';
import { isFunction, walk } from './syntax-tree.ts';

/** A function's code as the gate, njs and the local edge read it. */
export interface ParsedCode {
  program: Program;
  /** Where an engine would read the code differently, or refuse it. Code with any of these must not run. */
  findings: GateFinding[];
}

/** Regular expressions are checked by regex-dialect.ts: CloudFront's dialect is Perl's, acorn's is JavaScript's. */
const FunctionParser = Parser.extend(
  (Base) =>
    class extends Base {
      validateRegExpFlags(): void {}
      validateRegExpPattern(): void {}
    },
);

/**
 * Parses in the module goal, since CloudFront's code has imports and is always strict. What the script goal of V8 or
 * njs's own tokenizer reads in another way is a finding. Returns one finding alone when the code cannot be parsed.
 */
export function parseCode(code: string): ParsedCode | GateFinding {
  const tokens: Token[] = [];
  try {
    const program = FunctionParser.parse(code, {
      ecmaVersion: 'latest',
      sourceType: 'module',
      allowAwaitOutsideFunction: true,
      allowHashBang: false,
      onToken: tokens,
    });
    const deep = findDeep(code, program, tokens);
    if (deep !== undefined) return { ...deep, rule: 'parse', instead: 'nest less deeply', text: 'nested too deeply' };
    return { program, findings: [...findDifferences(code, tokens), ...findLineEnds(code, tokens)] };
  } catch (error) {
    if (error instanceof RangeError) return { start: 0, end: 0, rule: 'parse', instead: 'nest less deeply', text: 'nested too deeply' };
    if (!(error instanceof SyntaxError)) throw error;
    const start = Math.min('pos' in error && typeof error.pos === 'number' ? error.pos : 0, code.length);
    const message = error.message.replace(/ \(\d+:\d+\)$/, '');
    const token = /^[\w$]+|^[^\s]/.exec(code.slice(start, start + 40))?.[0];
    const text = message === 'Unexpected token' && token !== undefined ? `${message} "${token}"` : message;
    return { start, end: start, rule: 'parse', instead: 'fix the syntax error: no engine can read the code beyond this point', text };
  }
}

/**
 * Levels of the syntax tree that all rules can follow without a stack overflow; each operator of `a + b + c` is one.
 */
const maxDepth = 1_000;
/** Nested groups that PCRE2 compiles by default (pcre2api, PARENS_NEST_LIMIT). */
const maxGroupDepth = 250;

/** Where the code first nests too deeply. Keeps its own stack, because such code would overflow the real one. */
function findDeep(code: string, program: Program, tokens: readonly Token[]): { start: number; end: number } | undefined {
  const pending: { value: unknown; depth: number }[] = [{ value: program, depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, depth } = next;
    if (Array.isArray(value)) for (const item of value) pending.push({ value: item, depth });
    else if (isNode(value)) {
      if (depth > maxDepth) return { start: value.start, end: value.start };
      for (const child of Object.values(value)) pending.push({ value: child, depth: depth + 1 });
    }
  }
  return tokens.find(({ type, start, end }) => type === tokTypes.regexp && groupDepth(code.slice(start, end)) > maxGroupDepth);
}

function findDifferences(code: string, tokens: readonly Token[]): GateFinding[] {
  const findings: GateFinding[] = [];
  for (const { type, start, end } of tokens) {
    const text = code.slice(start, end);
    // In a script everything behind it on the line is a comment, in a module it is four operators.
    if (text.startsWith('<') && code.startsWith('<!--', start)) {
      findings.push({
        start,
        end: start + 4,
        rule: 'html-comment',
        instead: 'write // for a comment, or put a space between the operators',
      });
    }
    const isName = type === tokTypes.name || type === tokTypes.privateId || type.keyword !== undefined;
    if (isName && /[^ -~]|\\/.test(text)) {
      findings.push({ start, end, rule: 'character', instead: 'write names with A–Z, a–z, 0–9, $ and _ alone' });
    }
  }
  return findings;
}

/**
 * njs ends a line at a line feed alone: with another line end, what is a comment to one engine is code to the other.
 */
function findLineEnds(code: string, tokens: readonly Token[]): GateFinding[] {
  const texts = tokens.filter(({ type }) => type === tokTypes.string || type === tokTypes.template);
  const findings: GateFinding[] = [];
  for (const { index } of code.matchAll(/\r(?!\n)|[\u2028\u2029]/g)) {
    if (texts.some(({ start, end }) => start <= index && index < end)) continue;
    const text = `U+${code.charCodeAt(index).toString(16).toUpperCase().padStart(4, '0')}`;
    findings.push({ start: index, end: index + 1, rule: 'line-end', instead: 'end lines with a line feed', text });
  }
  return findings;
}

function isNode(value: unknown): value is { start: number } {
  return value !== null && typeof value === 'object' && 'type' in value && 'start' in value;
}

/** The deepest group of a regular expression: text within brackets and behind a backslash opens none. */
function groupDepth(regex: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [piece] of regex.matchAll(/\\.|\[\^?(?:\\.|[^\]\\])*\]|[()]/gs)) {
    if (piece === '(') deepest = Math.max(deepest, ++depth);
    if (piece === ')') depth--;
  }
  return deepest;
}

/** A name that an import binds: `import name from 'module'`. */
export interface ImportedName {
  name: string;
  module: string;
}

export interface ReadImports {
  imports: ImportedName[];
  /** The code with its imports replaced by spaces, so that all else keeps its line and column. */
  body: string;
  /** Why no engine here may run this code, with its line; undefined when they may. */
  problem: string | undefined;
}

/**
 * What a function imports. Every way out of the places where functions run here is refused: a module that CloudFront
 * does not have, `import()`, and code that the engines read in different ways.
 */
export function readImports(code: string): ReadImports {
  const parsed = parseCode(code);
  const refuse = (text: string, at: number): ReadImports => {
    return { imports: [], body: code, problem: `${text} in ${getLineInfo(code, at).line}` };
  };
  if (!('program' in parsed)) return refuse(parsed.text ?? '', parsed.start);
  const [difference] = parsed.findings;
  if (difference !== undefined) return refuse(`${difference.rule}: ${difference.instead}`, difference.start);
  const outside = findWayOut(parsed.program);
  if (outside !== undefined) return refuse(outside.text, outside.at);

  const imports: ImportedName[] = [];
  let body = code;
  for (const node of parsed.program.body) {
    if (node.type !== 'ImportDeclaration') continue;
    imports.push({ name: node.specifiers[0]?.local.name ?? '', module: String(node.source.value) });
    // A semicolon in its place: what follows on the same line must not join the line before.
    body = `${body.slice(0, node.start)};${code.slice(node.start + 1, node.end).replace(/[^\n]/g, ' ')}${body.slice(node.end)}`;
  }
  return { imports, body, problem: undefined };
}

function findWayOut(program: Program): { text: string; at: number } | undefined {
  let found: { text: string; at: number } | undefined;
  walk(program, (node, ancestors) => {
    const text =
      node.type === 'ImportDeclaration'
        ? problemOf(node)
        : node.type === 'ImportExpression' || (node.type === 'MetaProperty' && node.meta.name === 'import')
          ? 'Illegal import statement'
          : node.type.startsWith('Export') && node.type.endsWith('Declaration')
            ? 'Illegal export statement'
            : node.type === 'AwaitExpression' && !ancestors.some(isFunction)
              ? 'await is only valid in async functions'
              : undefined;
    if (text !== undefined) found ??= { text, at: node.start };
  });
  return found;
}

function problemOf({ source, specifiers, attributes }: ImportDeclaration): string | undefined {
  const module = String(source.value);
  if (!listedModules.has(module)) return `Cannot find module ${JSON.stringify(module)}`;
  const isDefault = specifiers.length === 1 && specifiers[0]?.type === 'ImportDefaultSpecifier' && attributes.length === 0;
  return isDefault ? undefined : "only import name from 'module' is supported";
}
