import type { FlipperEvent } from '../../../../src/flipper/flipper-event.ts';

/** A failover as the flipper reports it, its reason quoting what an origin sent. */
export const flipEvent: Extract<FlipperEvent, { event: 'flip' }> = {
  event: 'flip',
  shadow: false,
  kind: 'protect',
  sequence: 12,
  from: 'ok',
  to: 'singapore=0',
  reason: 'singapore 100 to 0: unhealthy (http body: status is "<!channel> & more", expected "ok")',
  moves: [{ origin: 'singapore', from: 100, to: 0, why: 'unhealthy (http body: status is "<!channel> & more", expected "ok")' }],
  attempts: 1,
  durationMs: 120,
};
