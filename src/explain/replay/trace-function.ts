import { createHash } from 'node:crypto';
import type { FunctionSource } from '../../edge/execution.ts';

const mark = 'replay-reads:';

// Runs behind the function's own code, in CloudFront's dialect. Everything of the request that a log tells of becomes a property that notes when it is
// read; what the function reads in one run is all that its decision can depend on.
const tracer = `
;(function () {
  const original = handler;
  handler = async function (event) {
    const reads = [];
    const note = function (name) {
      if (reads.indexOf(name) < 0) reads.push(name);
    };
    const watch = function (object, key, name) {
      let value = object[key];
      Object.defineProperty(object, key, {
        enumerable: true,
        configurable: true,
        get: function () {
          note(name);
          return value;
        },
        set: function (next) {
          value = next;
        },
      });
    };
    const request = event.request;
    const raw = request.rawQueryString;
    Object.defineProperty(request, 'rawQueryString', {
      configurable: true,
      value: function () {
        note('querystring');
        return raw.call(request);
      },
    });
    watch(event.viewer, 'ip', 'ip');
    ['method', 'uri', 'querystring', 'cookies'].forEach(function (key) {
      watch(request, key, key);
    });
    Object.keys(request.headers).forEach(function (key) {
      watch(request.headers, key, 'headers.' + key);
    });
    try {
      return await original(event);
    } finally {
      console.log('${mark}' + JSON.stringify(reads));
    }
  };
})();
`;

/** The function with a tracer behind it, which logs what of the request each run has read. Undefined when its handler cannot be wrapped. */
export function traceFunction({ code }: FunctionSource): FunctionSource | undefined {
  // A constant cannot be replaced.
  if (/\bconst\s+handler\b/.test(code)) return undefined;
  const traced = code + tracer;
  return { code: traced, sha256: createHash('sha256').update(traced).digest('hex') };
}

/** The names that a traced run has read, in order; undefined when its logs do not tell. */
export function readTrace(logs: readonly string[]): string[] | undefined {
  const line = logs.findLast((text) => text.startsWith(mark));
  return line === undefined ? undefined : (JSON.parse(line.slice(mark.length)) as string[]);
}
