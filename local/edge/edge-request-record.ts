/** One line of the edge's log: what a viewer asked and what became of it. */
export interface EdgeRequestRecord {
  /** Epoch milliseconds at arrival. */
  at: number;
  id: string;
  method: string;
  path: string;
  country: string | undefined;
  ip: string;
  /** Index of the edge location that served it. */
  location: number;
  /** 0 when the viewer left before any answer. */
  status: number;
  /** The `x-cache` header, for example `Miss from cloudfront`. */
  xCache: string;
  /** Origins that were tried, in order; empty when none was. */
  origins: string[];
  /** The router's `x-origin-route` header, when the function set one. */
  decision: string | undefined;
  /** What the functions gave to `cf.logCustomData`, as the access log has it: URL-encoded, up to 800 bytes. */
  viewerRequestLogData?: string;
  viewerResponseLogData?: string;
  /** Until the response was over. */
  ms: number;
  /** Why the edge answered by itself, or why an origin was passed over; undefined when all went well. */
  reason: string | undefined;
}
