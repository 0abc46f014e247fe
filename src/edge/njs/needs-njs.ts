import { type AnyNode, type Function as FunctionNode, getLineInfo, type Pattern, parse } from 'acorn';
import { childrenOf, isFunction, nameOf, walk } from '../gate/syntax-tree.ts';

/** A place in a function where V8 may behave differently from CloudFront's engine, so that only njs shows the truth. */
export interface NjsNeed {
  /** From 1. */
  line: number;
  what: string;
}

// A surrogate, written out or as an escape; fromCodePoint may make one.
const astral = /[\ud800-\udfff]|\\u\{0*(?:10|[1-9a-f])[0-9a-f]{4}\}|\\ud[89a-f][0-9a-f]{2}|\bfromCodePoint\b/gi;
const integerLike = /^(?:0|[1-9]\d*)$/;

/**
 * Where a function may behave differently in V8 and in njs: closures that outlive an `await`, names that look like
 * integers, characters beyond U+FFFF, regular expressions in Perl's dialect, and all that V8 cannot parse. It reports
 * too much on purpose: a place too many costs speed, a missed one gives a wrong answer.
 */
export function findNjsNeeds(code: string): NjsNeed[] {
  const needs: NjsNeed[] = [];
  const note = (at: number, what: string) => needs.push({ line: getLineInfo(code, at).line, what });
  for (const found of code.matchAll(astral)) note(found.index, 'a character beyond U+FFFF, which counts as one in njs and as two in V8');
  try {
    const program = parse(code, { ecmaVersion: 'latest', sourceType: 'module', allowAwaitOutsideFunction: true });
    let isListed = false;
    let made: number | undefined;
    walk(program, (node) => {
      if (node.type === 'ForInStatement' || (node.type === 'MemberExpression' && listing.has(nameOf(node) ?? ''))) isListed = true;
      if (makesName(node)) made ??= node.start;
      if (hasIntegerLikeName(node)) note(node.start, 'a name that looks like an integer, which V8 moves before the others');
      if (node.type === 'Literal' && 'regex' in node && node.regex != null && isOtherDialect(node.regex.pattern))
        note(node.start, 'a regular expression that V8 reads differently from Perl');
      const closure = isFunction(node) ? findClosureOverAwait(node as FunctionNode) : undefined;
      if (closure !== undefined) note(closure, 'a closure made before an await, whose variables it does not share afterwards');
    });
    if (isListed && made !== undefined)
      note(made, 'a computed name in an object that may be listed, where V8 moves integers before the others');
  } catch (error) {
    if (!(error instanceof SyntaxError && 'pos' in error)) throw error;
    note(Math.min(Number(error.pos), code.length), 'what V8 cannot parse');
  }
  return needs;
}

/** Whether an object may list this name in another order. */
export function isIntegerLike(name: string): boolean {
  return integerLike.test(name);
}

function hasIntegerLikeName(node: AnyNode): boolean {
  if (node.type === 'Property') return node.key.type === 'Literal' && isIntegerLike(String(node.key.value));
  // `list[0] = x` may be an array, where nothing differs: that is one too many.
  if (node.type !== 'AssignmentExpression' || node.left.type !== 'MemberExpression' || !node.left.computed) return false;
  return node.left.property.type === 'Literal' && isIntegerLike(String(node.left.property.value));
}

const listing = new Set(['keys', 'entries', 'values', 'getOwnPropertyNames', 'stringify', 'assign']);

/** `object[name] = value`, except on headers: a header's name is never a number. */
function makesName(node: AnyNode): boolean {
  if (node.type !== 'AssignmentExpression' || node.left.type !== 'MemberExpression' || !node.left.computed) return false;
  const { object, property } = node.left;
  return (
    property.type !== 'Literal' &&
    !(object.type === 'MemberExpression' && nameOf(object) === 'headers') &&
    !(object.type === 'Identifier' && object.name === 'headers')
  );
}

/**
 * Escapes of letters that only Perl knows, empty classes, look-behind, POSIX classes, and quantifiers and groups that
 * V8 refuses.
 */
function isOtherDialect(pattern: string): boolean {
  return /\\[^bBcdDfknrsStuvwWx0-9\W_]|\[\^?\]|\(\?<[=!]|\[\[:|[+*?}]\+|\(\?[^:=!<]/.test(pattern);
}

/** Where an async function makes a closure over a variable of its own before it waits; undefined when it does not. */
function findClosureOverAwait(outer: FunctionNode): number | undefined {
  if (!outer.async) return undefined;
  let lastAwait = -1;
  const closures: AnyNode[] = [];
  const own = new Set(outer.params.flatMap(namesOf));
  const visit = (node: AnyNode): void => {
    if (node.type === 'AwaitExpression') lastAwait = Math.max(lastAwait, node.end);
    if (node.type === 'VariableDeclarator') for (const name of namesOf(node.id)) own.add(name);
    if (isFunction(node)) closures.push(node);
    else for (const child of childrenOf(node)) visit(child);
  };
  visit(outer.body);
  return closures.find(
    (closure) => (closure.type === 'FunctionDeclaration' || closure.start < lastAwait) && lastAwait !== -1 && uses(closure, own),
  )?.start;
}

function namesOf(pattern: Pattern): string[] {
  return pattern.type === 'Identifier' ? [pattern.name] : [];
}

function uses(closure: AnyNode, names: ReadonlySet<string>): boolean {
  let found = false;
  walk(closure, (node) => {
    if (node.type === 'Identifier' && names.has(node.name)) found = true;
  });
  return found;
}
