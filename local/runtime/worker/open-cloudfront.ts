import { Buffer } from 'node:buffer';
import type { RawRun } from '../../../src/edge/execution.ts';
import type { WireRun } from '../wire.ts';
import { defineProperties, defineProperty, formatJson, parseJson } from './captured.ts';
import type { Store } from './known.ts';

/**
 * What one run leaves behind while it goes on; `calls` are JSON texts already, so that a later change of an argument
 * cannot rewrite them.
 */
export interface Trace extends Pick<RawRun, 'reads' | 'logs' | 'droppedLogArguments'> {
  calls: string[];
  /** Logged so far, with what found no room. */
  logBytes: number;
  customData: string | undefined;
  /**
   * A helper that the function called and this runtime does not have: the run fails, even if the function catches the
   * error.
   */
  missing: string | undefined;
}

// A distribution of this emulator is never multi-tenant, and on a standard one CloudFront throws when a function reads
// a member.
const throwing = {
  get: (): never => {
    throw new TypeError('distributionTenant module is not available');
  },
};
const noTenant = defineProperties({}, { id: throwing, parameters: throwing });

const originHelpers = ['selectRequestOriginById', 'createRequestOriginGroup', 'updateRequestOrigin'];

/**
 * The default export of the module 'cloudfront' for one run. Helpers only note their arguments: CloudFront judges them
 * after the handler has returned.
 */
export function openCloudfront(run: Pick<WireRun, 'edgeLocation' | 'failReads'>, store: Store | undefined, trace: Trace): object {
  const cf: Record<string, unknown> = {
    kvs: () => {
      if (store === undefined) throw new Error('KeyValueStore is not associated with the function');
      return openHandle(store, run.failReads === true, trace.reads);
    },
    edgeLocation: run.edgeLocation ?? {},
    distributionTenant: noTenant,
    logCustomData: (text: unknown) => {
      if (typeof text !== 'string') throw new TypeError('logCustomData takes one string');
      trace.customData = text;
    },
  };
  for (let index = 0; index < originHelpers.length; index += 1) {
    const helper = originHelpers[index] ?? '';
    cf[helper] = (...args: unknown[]) => {
      trace.calls.push(`[${formatJson(helper)},${asJson(args)}]`);
    };
  }
  // Nothing here does what it does, and a function that catches what it throws would answer as if the token were bad.
  defineProperty(cf, 'cwt', {
    get: () => {
      trace.missing = 'cf.cwt is not emulated: try this path on CloudFront';
      throw new Error(trace.missing);
    },
  });
  return cf;
}

function asJson(args: unknown[]): string {
  try {
    return formatJson(args);
  } catch {
    return '[]';
  }
}

// AWS documents that a missing key rejects and not with which words; ours are our own.
function openHandle(store: Store, failReads: boolean, reads: string[]): object {
  const read = (key: unknown): string | undefined => {
    if (typeof key !== 'string') throw new TypeError('the key must be a string');
    reads.push(key);
    if (failReads) throw new Error('KeyValueStore could not be read');
    return store.values.get(key);
  };
  return {
    get: async (key: unknown, options?: { format?: unknown }) => {
      const format = options?.format ?? 'string';
      if (format !== 'string' && format !== 'json' && format !== 'bytes') throw new TypeError(`unknown format "${String(format)}"`);
      const value = read(key);
      if (value === undefined) throw new Error(`KeyNotFound: ${String(key)}`);
      if (format === 'json') return parseJson(value);
      return format === 'bytes' ? Buffer.from(value) : value;
    },
    exists: async (key: unknown) => read(key) !== undefined,
    meta: async () => {
      if (failReads) throw new Error('KeyValueStore could not be read');
      return { creationDateTime: store.createdAt, lastUpdatedDateTime: store.updatedAt, keyCount: store.values.size };
    },
  };
}
