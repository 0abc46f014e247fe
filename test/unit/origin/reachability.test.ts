import { expect, it } from 'vitest';
import { openReachability } from '../../../origin/reachability.ts';

/** An upstream whose answers come when the test says so. */
function open() {
  const asked: ((problem: string | undefined) => Promise<void>)[] = [];
  const changes: (string | undefined)[] = [];
  const clock = { now: 0 };
  const reachability = openReachability({
    check: () =>
      new Promise((resolve) =>
        asked.push(async (problem) => {
          resolve(problem);
          await new Promise(setImmediate);
        }),
      ),
    now: () => clock.now,
    onChange: (problem) => changes.push(problem),
  });
  const answer = (place: number, problem?: string) => asked[place]?.(problem) ?? expect.fail(`request ${place} was not made`);
  return { reachability, asked, answer, changes, clock };
}

it('waits for the first answer, and asks once for all callers that wait', async () => {
  const { reachability, asked, answer, changes } = open();
  const waiting = [reachability.read(), reachability.read(), reachability.read()];
  expect(asked).toHaveLength(1);
  await answer(0);
  expect(await Promise.all(waiting)).toEqual([true, true, true]);
  expect(changes).toEqual([undefined]);
});

it('keeps a good answer for five seconds', async () => {
  const { reachability, asked, answer, clock } = open();
  void reachability.read();
  await answer(0);
  clock.now = 5_000;
  expect(reachability.read()).toBe(true);
  expect(asked).toHaveLength(1);
  clock.now = 5_001;
  expect(reachability.read()).toBe(true);
  expect(asked).toHaveLength(2);
});

it('gives the old answer while a new one is under way, with never more than one request', async () => {
  const { reachability, asked, answer, clock } = open();
  void reachability.read();
  await answer(0);
  clock.now = 20_000;
  expect([reachability.read(), reachability.read(), reachability.read()]).toEqual([true, true, true]);
  expect(asked).toHaveLength(2);
  await answer(1, 'status 500');
  expect(reachability.read()).toBe(false);
  expect(asked).toHaveLength(2);
});

it('waits when the old answer is older than thirty seconds', async () => {
  const { reachability, answer, clock } = open();
  void reachability.read();
  await answer(0);
  clock.now = 30_001;
  const waiting = reachability.read();
  await answer(1, 'no answer in time');
  expect(await waiting).toBe(false);
});

it('asks again soon after a bad answer, so that three probes a second apart see three answers', async () => {
  const { reachability, asked, answer, clock } = open();
  void reachability.read();
  await answer(0, 'status 500');
  const seen = [];
  for (const second of [1, 2, 3]) {
    clock.now = second * 1_000;
    seen.push(reachability.read());
    await answer(second, second < 3 ? 'status 500' : undefined);
  }
  expect(seen).toEqual([false, false, false]);
  expect(asked).toHaveLength(4);
  expect(reachability.read()).toBe(true);
});

it('logs changes only', async () => {
  const { reachability, answer, changes, clock } = open();
  const outcomes = ['status 500', 'status 502', undefined, undefined, 'ECONNREFUSED'];
  for (const [place, outcome] of outcomes.entries()) {
    clock.now += 10_000;
    void reachability.read();
    await answer(place, outcome);
  }
  expect(changes).toEqual(['status 500', undefined, 'ECONNREFUSED']);
});

it('takes a check that fails itself for a bad answer', async () => {
  const reachability = openReachability({ check: () => Promise.reject(new Error('a bug')), now: () => 0 });
  expect(await reachability.read()).toBe(false);
});
