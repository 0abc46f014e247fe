import type { Opinion, Thresholds } from './streak.ts';

/**
 * Where a probe failed: finding the address, connecting, the TLS handshake, waiting for the answer, its status, its
 * body.
 */
export type FailureClass = 'dns' | 'connect' | 'tls' | 'timeout' | 'status' | 'body';

/** What one probe of a signal found. */
export interface ProbeResult {
  opinion: Opinion;
  latencyMs: number;
  class?: FailureClass;
  /** One line for people, of a bad probe or one without an opinion. */
  detail?: string;
}

/** One source of evidence about one origin. */
export interface SignalSource {
  /** Such as `http`. */
  name: string;
  /** A bad verdict of this signal alone makes the origin unhealthy. */
  required: boolean;
  /**
   * Whether another probe soon can find something new. A source that only repeats another system's verdict says false.
   */
  isFresh: boolean;
  /**
   * Probes that make a verdict. Default: the configuration's. A source that repeats another system's verdict needs
   * fewer.
   */
  thresholds?: Thresholds;
  /**
   * Its service does not exist here: it never has an opinion, and counts as not configured unless the origin has no
   * other signal.
   */
  isAbsent?: boolean;
  /** Never rejects. What it returns after `signal` was aborted is not used. */
  probe(signal: AbortSignal): Promise<ProbeResult>;
}
