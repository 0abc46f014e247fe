import type { FailureClass } from '../probe/check-response.ts';
import type { Opinion, Thresholds } from './streak.ts';

/** What one look at a signal found. */
export interface Look {
  opinion: Opinion;
  latencyMs: number;
  class?: FailureClass;
  /** One line for people, of a bad look or one without an opinion. */
  detail?: string;
}

/** One source of evidence about one origin. */
export interface SignalSource {
  /** Such as `http`. */
  name: string;
  /** A bad verdict of this signal alone makes the origin unhealthy. */
  required: boolean;
  /** Whether looking again soon tells something new; a source that only repeats another system's verdict says false. */
  isFresh: boolean;
  /** Looks that make a verdict. Default: the configuration's. A source that repeats another system's verdict has that system's patience behind it. */
  thresholds?: Thresholds;
  /** Its service is not here: it never has an opinion, and counts as not configured unless the origin has nothing else. */
  isAbsent?: boolean;
  /** Never rejects. What it returns after `signal` was aborted is not used. */
  look(signal: AbortSignal): Promise<Look>;
}
