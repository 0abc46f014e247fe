import type { ProbeResult, SignalSource } from '../core/signal.ts';
import { cutText } from '../text/cut-text.ts';
import { messageOf } from '../text/message-of.ts';
import { wrapAwsError } from './aws-error.ts';

export interface RelayedSignal {
  /** Such as `alarm`. */
  name: string;
  required: boolean;
  /** What is asked, for the message of a call that fails: `cannot <doing>: …`. */
  doing: string;
  /** Asks AWS once. */
  ask(signal: AbortSignal): Promise<Pick<ProbeResult, 'opinion' | 'detail'>>;
  /** Milliseconds on a clock that is never set. Default: performance.now. */
  monotonic?: () => number;
}

/**
 * A signal that repeats what an AWS service has found. One look is a verdict, since the service has looked more than once before it says so, and looking
 * again soon would tell the same. A call that fails is no opinion: an origin is not ill because an API is.
 */
export function openRelayedSignal({ name, required, doing, ask, monotonic = () => performance.now() }: RelayedSignal): SignalSource {
  return {
    name,
    required,
    isFresh: false,
    thresholds: { unhealthyThreshold: 1, healthyThreshold: 1 },
    probe: async (signal) => {
      const startedAt = monotonic();
      let found: Pick<ProbeResult, 'opinion' | 'detail'>;
      try {
        found = await ask(signal);
      } catch (error) {
        const told = wrapAwsError(error, doing);
        found = { opinion: 'none', detail: cutText(messageOf(told), 160) };
      }
      return { ...found, latencyMs: Math.round(monotonic() - startedAt) };
    },
  };
}
