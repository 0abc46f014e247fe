import { type AnyNode, getLineInfo, type Identifier, type Program, parse } from 'acorn';
import { checkLiteral } from './literal-rules.ts';
import { checkModules, checkProgram, moduleNames } from './module-rules.ts';
import { checkNames } from './name-rules.ts';
import { openOriginalPositions, type SourceMapJson } from './original-position.ts';
import type { Finding, GateProblem } from './problem.ts';
import { type Origin, resolveNames } from './scopes.ts';
import { checkNode } from './syntax-rules.ts';
import { nameOf, walk } from './syntax-tree.ts';

export interface CheckSyntaxOptions {
  /** The name that problems carry when no source map knows better. */
  file?: string;
  /** Of exactly this code: problems then name the file and line that a person wrote. */
  sourceMap?: SourceMapJson;
}

/** Everything in the code that AWS's runtime 2.0 page does not list, in the order of the code; see docs/decisions/002-syntax-gate.md. */
export function checkSyntax(code: string, options: CheckSyntaxOptions = {}): GateProblem[] {
  const findings = findAll(code).sort((a, b) => placeOf(a) - placeOf(b) || a.end - b.end);
  const originalOf = openOriginalPositions(options.sourceMap);
  return findings.map((finding) => {
    const { start, end, rule, instead, text } = finding;
    const { line, column } = getLineInfo(code, placeOf(finding));
    const original = originalOf(line, column + 1);
    const file = original?.file ?? options.file;
    return {
      file,
      line: original?.line ?? line,
      column: original?.column ?? column + 1,
      found: text ?? cut(code.slice(start, end)),
      rule,
      instead,
    };
  });
}

function placeOf({ at, start }: Finding): number {
  return at ?? start;
}

function findAll(code: string): Finding[] {
  let program: Program;
  try {
    program = parse(code, { ecmaVersion: 'latest', sourceType: 'module', allowAwaitOutsideFunction: true });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const start = Math.min('pos' in error && typeof error.pos === 'number' ? error.pos : 0, code.length);
    const text = error.message.replace(/ \(\d+:\d+\)$/, '');
    return [{ start, end: start, rule: 'parse', instead: 'the code is no JavaScript from here on', text }];
  }
  const origins: ReadonlyMap<Identifier, Origin> = resolveNames(program);
  const context = { origins, ownMembers: definedMembers(program) };
  const modules = moduleNames(program);
  const findings = checkProgram(program);
  walk(program, (node, ancestors) => {
    findings.push(...checkNode(node, ancestors, code), ...checkLiteral(node, code));
    findings.push(...checkNames(node, ancestors.at(-1), context), ...checkModules(node, modules, origins));
  });
  return findings;
}

/** Names that the code gives to members itself, in literals and by assignment. */
function definedMembers(program: Program): Set<string> {
  const names = new Set<string>();
  walk(program, (node) => {
    const name = node.type === 'AssignmentExpression' ? assignedName(node.left) : node.type === 'Property' ? nameOf(node) : undefined;
    if (name !== undefined) names.add(name);
  });
  return names;
}

function assignedName(target: AnyNode): string | undefined {
  return target.type === 'MemberExpression' ? nameOf(target) : undefined;
}

function cut(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length <= 60 ? line : `${line.slice(0, 59)}…`;
}
