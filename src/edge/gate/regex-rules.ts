import type { AnyNode } from 'acorn';
import type { NameContext } from './name-rules.ts';
import { type GateFinding, type GateLevel, maySkip } from './problem.ts';
import { literalText } from './syntax-tree.ts';

/** Regular expressions that PCRE does not compile, in literals and in texts given to RegExp. */
export function checkRegex(node: AnyNode, ancestors: readonly AnyNode[], { bindings }: NameContext): GateFinding[] {
  if (node.type === 'Literal' && node.regex) return checkPattern(node, node.regex.pattern, 'error');
  if (node.type !== 'CallExpression' && node.type !== 'NewExpression') return [];
  const { callee } = node;
  const pattern = literalText(node.arguments[0]);
  if (pattern === undefined || callee.type !== 'Identifier' || callee.name !== 'RegExp' || bindings.get(callee) !== 'global') return [];
  return checkPattern(node, pattern, maySkip(node, ancestors) ? 'warning' : 'error');
}

function checkPattern({ start, end }: AnyNode, pattern: string, level: GateLevel): GateFinding[] {
  const problem = perlProblem(pattern);
  if (problem === undefined) return [];
  return [{ start, end, rule: 'regex', instead: `CloudFront’s expressions are Perl’s: ${problem}`, level }];
}

// CloudFront calls its regular expressions Perl compatible; njs gives them to PCRE2. What PCRE2 10.42 refuses and
// JavaScript may take is found here.

/**
 * Why PCRE does not compile this pattern, in its own words where they are known; undefined when it does, or when the
 * pattern is beyond this reader.
 */
function perlProblem(pattern: string): string | undefined {
  try {
    readPattern(pattern);
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return error.message;
    if (error instanceof Unknown) return undefined;
    throw error;
  }
}

class Refused extends Error {}
class Unknown extends Error {}

/** Characters that a piece of a pattern takes; undefined when that differs from match to match. */
type Length = number | undefined;

/** Escapes of a letter that PCRE does not know, outside of a class and in one. */
const unknownEscapes = 'FIJLMOPTYgijklmopqy';
const unknownInClass = 'ABCFGIJKLMNOPRTXYZgijklmopqyz';
const maxRepeats = 65_535;

function readPattern(pattern: string): void {
  const characters = [...pattern];
  const groups = countGroups(pattern);
  const names = new Set<string>();
  const asked: string[] = [];
  let at = 0;

  const refuse = (message: string): never => {
    throw new Refused(message);
  };
  const rest = () => characters.slice(at).join('');
  const take = (text: RegExp): RegExpExecArray | null => {
    const found = text.exec(rest());
    if (found !== null) at += [...found[0]].length;
    return found;
  };

  /** The length of each alternative, up to the closing parenthesis or the end. */
  function readAlternatives(): Length[] {
    const lengths: Length[] = [];
    let length: Length = 0;
    while (at < characters.length && characters[at] !== ')') {
      if (characters[at] === '|') {
        lengths.push(length);
        length = 0;
        at += 1;
        continue;
      }
      const piece = readPiece();
      length = length === undefined || piece === undefined ? undefined : length + piece;
    }
    return [...lengths, length];
  }

  function readPiece(): Length {
    const { length, repeats } = readAtom();
    const found = take(/^(?:[*+?]|\{(\d+)(?:(,)(\d*))?\})/);
    if (found === null) return length;
    if (!repeats) refuse('quantifier does not follow a repeatable item');
    take(/^[?+]/);
    const [, least, comma, most] = found;
    if (least === undefined) return found[0] === '?' && length === 0 ? 0 : undefined;
    const [from, to] = [Number(least), most ? Number(most) : Number(least)];
    if (from > maxRepeats || to > maxRepeats) refuse('number too big in {} quantifier');
    if (to < from) refuse('numbers out of order in {} quantifier');
    const isFixed = comma === undefined || (most !== '' && from === to);
    return isFixed && length !== undefined ? length * from : undefined;
  }

  function readAtom(): { length: Length; repeats: boolean } {
    const character = characters[at];
    if (character === '\\') return readEscape();
    if (character === '(') return readGroup();
    if (character === '[') {
      readClass();
      return { length: 1, repeats: true };
    }
    if (character === '*' || character === '+' || character === '?') refuse('quantifier does not follow a repeatable item');
    if (character === '{' && /^\{\d+(?:,\d*)?\}/.test(rest())) refuse('quantifier does not follow a repeatable item');
    at += 1;
    return character === '^' || character === '$' ? { length: 0, repeats: false } : { length: 1, repeats: true };
  }

  function readEscape(): { length: Length; repeats: boolean } {
    if (take(/^\\Q/)) throw new Unknown();
    const number = take(/^\\([1-9]\d*)/)?.[1];
    if (number !== undefined) {
      // Two digits may be an octal character; one is always a group.
      if (number.length > 1) throw new Unknown();
      if (Number(number) > groups) refuse('reference to non-existent subpattern');
      return { length: undefined, repeats: true };
    }
    const name = take(/^\\k(?:<(\w+)>|\{(\w+)\}|'(\w+)')/);
    if (name !== null) {
      asked.push(name[1] ?? name[2] ?? name[3] ?? '');
      return { length: undefined, repeats: true };
    }
    if (take(/^\\(?:[pP]\{|[oNg]\{|g\d|[pP][LMNPSZC])/)) throw new Unknown();
    if (take(/^\\u[\da-fA-F]{4}/) || take(/^\\x[\da-fA-F]{2}/) || take(/^\\0[0-7]{0,2}/)) return { length: 1, repeats: true };
    if (take(/^\\[xu]\{/)) throw new Unknown();
    const letter = characters[at + 1] ?? '';
    if (letter === '') refuse('\\ at end of pattern');
    if (letter === 'c') {
      if (!/[ -~]/.test(characters[at + 2] ?? '')) refuse('\\c at end of pattern');
      at += 3;
      return { length: 1, repeats: true };
    }
    if (unknownEscapes.includes(letter)) refuse(`unrecognized character follows \\: ${letter}`);
    at += 2;
    if ('bBAzZGK'.includes(letter)) return { length: 0, repeats: false };
    return { length: 'RX'.includes(letter) ? undefined : 1, repeats: true };
  }

  function readGroup(): { length: Length; repeats: boolean } {
    at += 1;
    let kind = 'group';
    if (characters[at] === '*' || take(/^\?(?:[RC#|&>+\d(-]|P[>=]|')/)) throw new Unknown();
    if (take(/^\?(?:=|!)/)) kind = 'ahead';
    else if (take(/^\?<(?:=|!)/)) kind = 'behind';
    else if (characters[at] === '?' && !take(/^\?:/)) {
      const name = take(/^\?P?<([^>]*)>/)?.[1];
      if (name !== undefined) readName(name);
      else if (take(/^\?[imsnxJU-]+\)/)) return { length: 0, repeats: false };
      else if (!take(/^\?[imsnxJU-]*:/)) refuse('unrecognized character after (? or (?-');
    }
    const lengths = readAlternatives();
    if (characters[at] !== ')') refuse('missing closing parenthesis');
    at += 1;
    if (kind === 'behind' && lengths.includes(undefined)) refuse('lookbehind assertion is not fixed length');
    if (kind !== 'group') return { length: 0, repeats: true };
    return { length: lengths.every((each) => each === lengths[0]) ? lengths[0] : undefined, repeats: true };
  }

  function readName(name: string): void {
    if (!/^[^\W\d][\w]*$/.test(name)) {
      if (/[^ -~]/.test(name)) throw new Unknown();
      refuse('subpattern name must be a word that does not start with a digit');
    }
    if (names.has(name)) refuse('two named subpatterns have the same name');
    names.add(name);
  }

  function readClass(): void {
    take(/^\[\^?/);
    let isFirst = true;
    for (; ; isFirst = false) {
      if (at >= characters.length) refuse('missing terminating ] for character class');
      // A bracket that closes at once is a member of the class in Perl.
      if (characters[at] === ']' && !isFirst) break;
      const posix = /^\[([:.=])([^\]\\]*?)\1\]/.exec(rest());
      if (posix) throw new Unknown();
      const from = readMember();
      if (!/^-[^\]]/.test(rest())) continue;
      at += 1;
      const to = readMember();
      if (from === undefined || to === undefined) refuse('invalid range in character class');
      if (from !== undefined && to !== undefined && from > to) refuse('range out of order in character class');
    }
    at += 1;
  }

  /** The code of a class's member; undefined for one that is a class itself. */
  function readMember(): number | undefined {
    if (characters[at] !== '\\') {
      const code = characters[at]?.codePointAt(0) ?? 0;
      at += 1;
      return code;
    }
    const hex = (take(/^\\u([\da-fA-F]{4})/) ?? take(/^\\x([\da-fA-F]{2})/))?.[1];
    if (hex !== undefined) return Number.parseInt(hex, 16);
    if (/^\\(?:[QEpPoNxu]|\d|c)/.test(rest())) throw new Unknown();
    const letter = characters[at + 1] ?? '';
    if (letter === '') refuse('missing terminating ] for character class');
    if (unknownInClass.includes(letter)) refuse(`unrecognized character follows \\: ${letter}`);
    at += 2;
    if (/[dDwWsShHvV]/.test(letter)) return undefined;
    return { n: 10, r: 13, t: 9, f: 12, b: 8, a: 7, e: 27 }[letter] ?? letter.codePointAt(0);
  }

  readAlternatives();
  if (characters[at] === ')') refuse('unmatched closing parenthesis');
  if (asked.some((name) => !names.has(name))) refuse('reference to non-existent subpattern');
}

/** Groups that capture, roughly: a class may hold a parenthesis, which only makes the reader more lenient. */
function countGroups(pattern: string): number {
  return (pattern.replace(/\\./g, '').match(/\((?!\?)|\(\?P?<(?![=!])|\(\?'/g) ?? []).length;
}
