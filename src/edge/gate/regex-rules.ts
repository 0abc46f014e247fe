import type { AnyNode } from 'acorn';
import { maySkip } from './levels.ts';
import type { NameContext } from './name-rules.ts';
import type { Finding, GateLevel } from './problem.ts';
import { perlProblem } from './regex-dialect.ts';
import { literalText } from './syntax-tree.ts';

/** Regular expressions that PCRE does not compile, in literals and in texts given to RegExp. */
export function checkRegex(node: AnyNode, ancestors: readonly AnyNode[], { origins }: NameContext): Finding[] {
  if (node.type === 'Literal' && node.regex) return checkPattern(node, node.regex.pattern, 'error');
  if (node.type !== 'CallExpression' && node.type !== 'NewExpression') return [];
  const { callee } = node;
  const pattern = literalText(node.arguments[0]);
  if (pattern === undefined || callee.type !== 'Identifier' || callee.name !== 'RegExp' || origins.get(callee) !== 'global') return [];
  return checkPattern(node, pattern, maySkip(node, ancestors) ? 'warning' : 'error');
}

function checkPattern({ start, end }: AnyNode, pattern: string, level: GateLevel): Finding[] {
  const problem = perlProblem(pattern);
  if (problem === undefined) return [];
  return [{ start, end, rule: 'regex', instead: `CloudFront’s expressions are Perl’s: ${problem}`, level }];
}
