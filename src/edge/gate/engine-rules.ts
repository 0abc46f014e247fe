import type { AnyNode } from 'acorn';
import { maySkip } from './levels.ts';
import type { NameContext } from './name-rules.ts';
import type { Finding, GateLevel } from './problem.ts';
import { differsInV8, perlProblem } from './regex-dialect.ts';
import { literalText, nameOf } from './syntax-tree.ts';

/** What CloudFront's engine does in another way than V8, as far as the code alone shows it. Nothing is wrong with such code: the local edge cannot be true to it. */
export function checkEngine(node: AnyNode, ancestors: readonly AnyNode[], { origins }: NameContext): Finding[] {
  const isGlobal = (each: AnyNode, name: string) => each.type === 'Identifier' && each.name === name && origins.get(each) === 'global';
  if (node.type === 'Literal' && node.regex) return checkRegex(node, node.regex);
  if (node.type === 'ObjectExpression') return movesNames(node) ? note(node, 'V8 puts names that are numbers first') : [];
  if (node.type !== 'CallExpression' && node.type !== 'NewExpression') return [];
  const { callee } = node;
  const text = literalText(node.arguments[0]);
  if (text === undefined) return [];
  const level = maySkip(node, ancestors) ? 'warning' : 'error';
  if (isGlobal(callee, 'RegExp')) return checkRegex(node, { pattern: text, flags: literalText(node.arguments[1]) ?? '' }, level);
  if (isGlobal(callee, 'atob') && text.length % 4 !== 0) return note(node, 'V8 reads base64 without its padding to the end');
  const parses = callee.type === 'MemberExpression' && isGlobal(callee.object, 'Date') && nameOf(callee) === 'parse';
  const isDate = parses || (node.type === 'NewExpression' && isGlobal(callee, 'Date'));
  return isDate && !isoDate.test(text) ? note(node, 'V8 reads more forms of a date, CloudFront’s engine gives NaN') : [];
}

// njs reads these and what its own Date.prototype.toString and toUTCString write.
const isoDate = /^(?:[+-]\d{6}|\d{4})(?:-\d\d(?:-\d\d)?)?(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?)?$/;

function checkRegex(node: AnyNode, { pattern, flags }: { pattern: string; flags: string }, level: GateLevel = 'error'): Finding[] {
  const { start, end } = node;
  const problem = perlProblem(pattern);
  if (problem !== undefined) {
    const instead = `CloudFront’s expressions are Perl’s: ${problem}`;
    return [{ start, end, rule: 'regex', instead, level }];
  }
  const isListed = /^[gimy]*$/.test(flags);
  return isListed && differsInV8(pattern, flags) ? note(node, 'V8 reads this expression in another way than Perl') : [];
}

/** Whether V8 lists the names of this object in another order than they are written in. */
function movesNames(node: AnyNode & { type: 'ObjectExpression' }): boolean {
  const names = node.properties.map((each) => (each.type === 'Property' ? numberOf(each) : undefined));
  return names.some((name, place) => name !== undefined && place > 0 && !(Number(names[place - 1]) < name));
}

function numberOf(property: AnyNode & { type: 'Property' }): number | undefined {
  const { key, computed } = property;
  const value = !computed && key.type === 'Literal' ? String(key.value) : '';
  return /^(?:0|[1-9]\d{0,9})$/.test(value) ? Number(value) : undefined;
}

function note({ start, end }: AnyNode, difference: string): Finding[] {
  const instead = `${difference}: npm run edge -- --engine njs does what CloudFront does`;
  return [{ start, end, rule: 'engine', instead, level: 'note', needsNjs: true }];
}
