import { expect, it } from 'vitest';
import { openIo } from '../../../src/cli/io.ts';
import { fakeHost } from './fake-host.ts';

async function ask(typed: string | null): Promise<{ answer: string | undefined; err: string }> {
  const host = fakeHost([], { terminal: true });
  host.stdin.push(typed);
  const answer = await openIo(host, false, new AbortController().signal).ask('Which?', '1,2');
  return { answer, err: host.err() };
}

it.each([
  { typed: ' 3,4 \n', answer: '3,4' },
  { typed: '\n', answer: '1,2' },
  { typed: null, answer: undefined },
])('a question shows its fallback, and $typed is $answer', async ({ typed, answer }) => {
  expect(await ask(typed)).toEqual({ answer, err: 'Which? [1,2] ' });
});

it('a terminal that does not say its width has 80 columns', () => {
  const host = fakeHost([], { terminal: true, columns: 0 });
  openIo(host, false, new AbortController().signal).stdout('two words');
  expect(host.out()).toBe('two words\n');
});
