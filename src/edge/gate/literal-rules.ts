import type { AnyNode } from 'acorn';
import { listedRegexFlags } from './listed.ts';
import type { Finding, GateRule } from './problem.ts';

/** What a literal or a template breaks by the way it is written. */
export function checkLiteral(node: AnyNode, code: string): Finding[] {
  if (node.type !== 'Literal' && node.type !== 'TemplateElement') return [];
  const raw = code.slice(node.start, node.end);
  if (node.type === 'TemplateElement' || typeof node.value === 'string') {
    return hasCodePointEscape(raw) ? refuse(node, 'escape', 'write the character itself, or \\uXXXX twice') : [];
  }
  if (typeof node.bigint === 'string') return refuse(node, 'bigint', 'use a Number');
  if (node.regex) {
    const unlisted = [...node.regex.flags].filter((flag) => !listedRegexFlags.has(flag));
    return unlisted.length > 0 ? refuse(node, 'regex-flag', `leave out ${unlisted.join(', ')}: g, i, m and y are listed`) : [];
  }
  return /^0[bo]/i.test(raw) ? refuse(node, 'number-literal', `write ${Number(node.value)}`) : [];
}

function refuse(node: AnyNode, rule: GateRule, instead: string): Finding[] {
  return [{ start: node.start, end: node.end, rule, instead }];
}

/** `\u{1F600}`, its backslash not itself escaped. */
function hasCodePointEscape(raw: string): boolean {
  return /(?<!\\)(?:\\\\)*\\u\{/.test(raw);
}
