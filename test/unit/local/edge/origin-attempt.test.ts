import { PassThrough } from 'node:stream';
import type { Dispatcher } from 'undici';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OriginReply } from '../../../../local/edge/origin-attempt.ts';
import { BodyRelay, OriginAttempt } from '../../../../local/edge/origin-attempt.ts';

// How long the origin may be silent, and from when that counts: "after forwarding the request" (AWS:
// RequestAndResponseBehaviorCustomOrigin.html).

const readTimeoutMs = 1_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** An attempt with an open connection, with a viewer who sends a body and an origin that reads what comes. */
function open({ reads = true } = {}) {
  const viewer = new PassThrough();
  const relay = new BodyRelay(viewer);
  if (reads) relay.resume();
  let reply: OriginReply | undefined;
  let isViewerSlow = false;
  const attempt = new OriginAttempt(
    {
      route: { origin: { readTimeoutMs } },
      onAbortable: () => {},
      isViewerSlow: () => isViewerSlow,
    } as unknown as ConstructorParameters<typeof OriginAttempt>[0],
    relay,
    () => {},
  );
  attempt.reply.then((settled) => {
    reply = settled;
  });
  const controller = {
    rawHeaders: [],
    pause: () => {},
    resume: () => {},
    abort: (error: Error) => attempt.onResponseError(undefined, error),
  } as unknown as Dispatcher.DispatchController;
  attempt.onRequestStart(controller);
  return {
    viewer,
    attempt,
    controller,
    setViewerSlow: (isSlow: boolean) => {
      isViewerSlow = isSlow;
    },
    /** Lets so much time pass, and whatever streams do in it. */
    async pass(ms: number): Promise<void> {
      await flush();
      await vi.advanceTimersByTimeAsync(ms);
      await flush();
    },
    failure: () => (reply?.kind === 'failure' ? reply.failure : reply?.kind),
  };
}

const flush = () => new Promise<void>((resolve) => queueMicrotask(() => process.nextTick(() => process.nextTick(resolve))));

describe('the read timeout', () => {
  it('counts from the end of the request, not from its beginning', async () => {
    const rig = open();
    rig.viewer.write('first');
    await rig.pass(readTimeoutMs - 1);
    rig.viewer.end('second');
    await rig.pass(readTimeoutMs - 1);
    expect(rig.failure()).toBeUndefined();
    await rig.pass(2);
    expect(rig.failure()).toBe('read-timeout');
  });

  it('does not count while the viewer has yet to send, however long that takes', async () => {
    const rig = open();
    rig.viewer.write('first');
    await rig.pass(10.5 * readTimeoutMs);
    expect(rig.failure()).toBeUndefined();
    rig.viewer.end();
    await rig.pass(readTimeoutMs - 1);
    expect(rig.failure()).toBeUndefined();
    await rig.pass(2);
    expect(rig.failure()).toBe('read-timeout');
  });

  it('counts while an origin takes nothing of a body that is there', async () => {
    const rig = open({ reads: false });
    rig.viewer.write('first');
    await rig.pass(readTimeoutMs + 1);
    expect(rig.failure()).toBe('read-timeout');
  });

  it('counts again from each part of a response, and not while the viewer takes nothing', async () => {
    const rig = open();
    rig.viewer.end();
    await rig.pass(readTimeoutMs - 1);
    rig.attempt.onResponseStart(rig.controller, 200, {});
    await rig.pass(readTimeoutMs - 1);
    expect(rig.failure()).toBe('response');
    rig.attempt.onResponseData(rig.controller, Buffer.from('x'));
    rig.setViewerSlow(true);
    const broken = vi.spyOn(rig.controller, 'abort');
    await rig.pass(3.5 * readTimeoutMs);
    expect(broken).not.toHaveBeenCalled();
    rig.setViewerSlow(false);
    await rig.pass(readTimeoutMs);
    expect(broken).toHaveBeenCalledOnce();
  });
});
