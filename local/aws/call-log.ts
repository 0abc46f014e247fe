export interface Call {
  service: 'cloudfront' | 'cloudfront-keyvaluestore';
  /** The operation's name in the API model, such as `GetKey`; `Unknown` when the address has none. */
  operation: string;
  /** Epoch milliseconds of the answer. */
  at: number;
  /** 0 when the connection was dropped. */
  status: number;
}

/** The last calls, oldest first. */
export interface CallLog {
  readonly entries: readonly Call[];
  add(call: Call): void;
  clear(): void;
}

const keptCalls = 10_000;

export function openCallLog(): CallLog {
  const entries: Call[] = [];
  return {
    entries,
    add(call) {
      entries.push(call);
      if (entries.length > keptCalls) entries.splice(0, keptCalls / 10);
    },
    clear() {
      entries.length = 0;
    },
  };
}
