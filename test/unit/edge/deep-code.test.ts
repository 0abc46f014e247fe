import { expect, it } from 'vitest';
import { checkSyntax } from '../../../src/edge/gate/check-syntax.ts';
import { readImports } from '../../../src/edge/gate/parse-code.ts';

const times = 20_000;

it.each([
  { what: 'members', code: `a${'.b'.repeat(times)}` },
  { what: 'calls', code: `a${'()'.repeat(times)}` },
  { what: 'a sum', code: `${'1+'.repeat(times)}1` },
  { what: 'brackets', code: '['.repeat(times) + ']'.repeat(times) },
  { what: 'blocks', code: '{'.repeat(times) + '}'.repeat(times) },
  { what: 'templates', code: '`${'.repeat(times) + '}`'.repeat(times) },
  { what: 'groups', code: `/${'('.repeat(times)}${')'.repeat(times)}/` },
  { what: 'repeated groups', code: `/${'(?:'.repeat(times)}a${')*'.repeat(times)}/` },
])('refuses $what nested 20,000 deep instead of running out of stack', ({ code }) => {
  expect(readImports(code).problem).toBeTypeOf('string');
  expect(checkSyntax(code)).toEqual([expect.objectContaining({ level: 'error' })]);
});

it('follows what people write', () => {
  const code = `function handler(event) { return event.request; }\nvar text = ${Array.from({ length: 500 }, () => "'a'").join(' + ')};\nvar re = /${'('.repeat(200)}${')'.repeat(200)}[(]/;\n`;
  expect(readImports(code).problem).toBeUndefined();
  expect(checkSyntax(code).filter(({ level }) => level === 'error')).toEqual([]);
});
