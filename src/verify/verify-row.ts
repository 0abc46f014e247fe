import type { Outcome } from '../doctor/check.ts';
import type { TlsFacts } from '../probe/read-tls.ts';
import type { LatencyFigures } from './latency-figures.ts';

/** One line of the verdict: a viewer through the edge, an origin asked directly, or one asked without what only CloudFront knows. */
export interface VerifyRow {
  way: 'edge' | 'direct' | 'lock';
  /** A country, `others`, `from here`, or an origin. */
  who: string;
  outcome: Outcome;
  /** Ids of origins that may answer; empty where none is expected before another. */
  expected: readonly string[];
  /** Ids of origins that answered, each once. */
  went: readonly string[];
  /** Each status that was answered, once. */
  statuses: readonly number[];
  /** Requests that were sent; the first one without an answer was the last. */
  samples: number;
  /** Of the answers; undefined without any. */
  latency: LatencyFigures | undefined;
  /** Undefined when nothing was encrypted, or no connection stood. */
  tls: TlsFacts | undefined;
  /** One line each; of a row that is ok, what is worth knowing. */
  notes: readonly string[];
}
