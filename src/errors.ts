/** Every failure an operator can act on. Stable: scripts may match on it in `--json` output. */
export type ErrorCode =
  | 'USAGE'
  | 'CONFIG_INVALID'
  | 'CONFIG_MISSING'
  | 'PLACEHOLDER_MISSING'
  | 'ORIGIN_UNKNOWN'
  | 'ORIGIN_UNHEALTHY'
  | 'BUILD_FAILED'
  | 'GATE_REFUSED'
  | 'NOT_ATTESTED'
  | 'DECLINED'
  | 'TEST_FAILED'
  | 'TOOL_MISSING'
  | 'CREDENTIALS'
  | 'ENDPOINT_UNREACHABLE'
  | 'ACCESS_DENIED'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'THROTTLED'
  | 'QUOTA'
  | 'NOT_READY'
  | 'AWS'
  | 'PORT_BUSY'
  | 'LOCAL_CLOUD_ABSENT'
  | 'INTERRUPTED'
  | 'PROMISE_BROKEN';

/**
 * A failure the operator can act on: printed as one line and a hint, never with a stack. Anything else that is thrown
 * is a bug.
 */
export class EdgeError extends Error {
  override readonly name = 'EdgeError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }

  /** 2 for misuse (arguments, configuration), 1 for everything that failed. */
  get exitCode(): 1 | 2 {
    return this.code === 'USAGE' ||
      this.code === 'CONFIG_INVALID' ||
      this.code === 'CONFIG_MISSING' ||
      this.code === 'ORIGIN_UNKNOWN' ||
      this.code === 'PLACEHOLDER_MISSING'
      ? 2
      : 1;
  }
}
