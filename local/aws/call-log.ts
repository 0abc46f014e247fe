export interface Call {
  service: 'cloudfront' | 'cloudfront-keyvaluestore';
  /** The operation's name in the API model, such as `GetKey`; `Unknown` when the address has none. */
  operation: string;
  /** Epoch milliseconds of the answer. */
  at: number;
  /** 0 when the connection was dropped. */
  status: number;
}

const keptCalls = 10_000;

/** Adds a call at the end; the oldest ones go. */
export function logCall(calls: Call[], call: Call): void {
  calls.push(call);
  if (calls.length > keptCalls) calls.splice(0, keptCalls / 10);
}
