import { expect, it } from 'vitest';
import { cutText } from '../../../kvs/cut-text.ts';

it.each([
  { text: 'abcdef', maxBytes: 6, cut: 'abcdef' },
  { text: 'abcdefg', maxBytes: 6, cut: 'abc…' },
  { text: 'aéédefg', maxBytes: 6, cut: 'aé…' },
  { text: 'aéédefg', maxBytes: 5, cut: 'a…' },
  { text: ' \ta\r\n\u2028b ', maxBytes: 3, cut: 'a b' },
])('$text within $maxBytes bytes is $cut', ({ text, maxBytes, cut }) => {
  expect(cutText(text, maxBytes)).toBe(cut);
});
