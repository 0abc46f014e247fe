import { describe, expect, it } from 'vitest';
import { type PollStep, poll } from '../../../src/aws/retry.ts';

/** Waits in virtual time for something that is done after this long; records when it was polled. */
async function wait(
  doneAfterMs: number,
  { timeoutMs = 60_000, maxPauseMs = 5_000, signal }: { timeoutMs?: number; maxPauseMs?: number; signal?: AbortSignal } = {},
) {
  let now = 1_000;
  const looks: number[] = [];
  const said: string[] = [];
  const look = async (): Promise<PollStep<string>> => {
    looks.push(now - 1_000);
    return now - 1_000 >= doneAfterMs ? { done: 'ready' } : { waiting: 'it is being made' };
  };
  const sleep = async (ms: number) => {
    now += ms;
  };
  const outcome = await poll(look, maxPauseMs, { timeoutMs, now: () => now, sleep, signal, progress: (line) => said.push(line) }).catch(
    (error: unknown) => error,
  );
  return { outcome, looks, said };
}

describe('poll', () => {
  it('looks once when it is done already', async () => {
    expect(await wait(0)).toEqual({ outcome: 'ready', looks: [0], said: [] });
  });

  it('polls often at first, then at the interval, and reports each time', async () => {
    const { outcome, looks, said } = await wait(30_000);
    expect(outcome).toBe('ready');
    expect(looks.slice(0, 3)).toEqual([0, 100, 250]);
    const pauses = looks.slice(1).map((at, index) => at - (looks[index] ?? 0));
    expect(Math.max(...pauses)).toBe(5_000);
    expect(looks.at(-1)).toBeLessThan(35_000);
    expect(said.at(-1)).toMatch(/^it is being made, \d+s$/);
  });

  it('gives up at the limit, after a last poll then', async () => {
    const { outcome, looks } = await wait(Number.POSITIVE_INFINITY, { timeoutMs: 12_000 });
    expect(outcome).toMatchObject({ code: 'NOT_READY', message: expect.stringMatching(/^it is being made, .* 12s$/) });
    expect(looks.at(-1)).toBe(12_000);
  });

  it('stops when its signal aborts', async () => {
    expect((await wait(1, { signal: AbortSignal.abort(new Error('stop')) })).outcome).toMatchObject({ message: 'stop' });
  });
});
