import { createHash } from 'node:crypto';
import type { FunctionSource } from '../../edge/execution.ts';
import { parseCode } from '../../edge/gate/parse-code.ts';
import { walk } from '../../edge/gate/syntax-tree.ts';

const mark = 'replay-trace:';

/** What one traced run read of its event, in order, and what it changed. */
export interface RunTrace {
  reads: string[];
  changes: string;
}

/**
 * The function with a tracer behind it, which logs what each run reads and changes. Undefined when its handler cannot
 * be wrapped.
 */
export function traceFunction({ code }: FunctionSource): FunctionSource | undefined {
  // A constant cannot be replaced.
  if (/\bconst\s+handler\b/.test(code)) return undefined;
  const names = listHeaderNames(code);
  const traced = `${code}\n;(${tracer})(${JSON.stringify(names ?? [])}, ${names === undefined});`;
  return { code: traced, sha256: createHash('sha256').update(traced).digest('hex') };
}

/** The trace in the logs of a run; undefined without one. */
export function readTrace(logs: readonly string[]): RunTrace | undefined {
  const line = logs.findLast((text) => text.startsWith(mark));
  if (line === undefined) return undefined;
  try {
    return JSON.parse(line.slice(mark.length)) as RunTrace;
  } catch {
    // Cut, since it was longer than a log line may be.
    return undefined;
  }
}

/** More of them cost too much in each run. */
const maxNames = 500;

/**
 * The names of headers that the function may read: every text and member in its code that could be one. Undefined where
 * it may read others, too, as one that lists the headers does. A name that is put together while it runs is not found.
 */
function listHeaderNames(code: string): string[] | undefined {
  const parsed = parseCode(code);
  if (!('program' in parsed)) return undefined;
  const names = new Set<string>();
  let isLister = false;
  walk(parsed.program, (node) => {
    if (node.type === 'ForInStatement' || node.type === 'SpreadElement' || (node.type === 'BinaryExpression' && node.operator === 'in'))
      isLister = true;
    else if (node.type === 'Literal' && typeof node.value === 'string') addWords(node.value);
    else if (node.type === 'TemplateElement') addWords(node.value.raw);
    else if (node.type === 'MemberExpression' && node.property.type === 'Identifier') {
      if (listers.test(node.property.name)) isLister = true;
      addWords(node.property.name);
    }
  });
  return isLister || names.size > maxNames ? undefined : [...names];

  function addWords(text: string): void {
    for (const word of text.split(/[^\w-]+/)) if (/^[a-z0-9_-]{2,64}$/.test(word) && word !== '__proto__') names.add(word);
  }
}

const listers = /^(?:keys|values|entries|assign|stringify|hasOwnProperty|propertyIsEnumerable|getOwnProperty\w+)$/;

// Runs behind the function's own code, in CloudFront's dialect. Each field that a log may contain, and each header that
// the function may name, becomes a property that notes reads and writes: a decision can depend only on what the
// function reads in that run.
const tracer = `function (names, isLister) {
  const original = handler;
  handler = async function (event) {
    const reads = isLister ? ['headers'] : [];
    // A member: njs 0.7.9 does not show a closure what a variable of an async function becomes after an await.
    const state = { isOn: true, changes: '' };
    const note = function (name) {
      if (state.isOn && reads.indexOf(name) < 0) reads.push(name);
    };
    const watch = function (object, key, name, isThere) {
      let value = object[key];
      Object.defineProperty(object, key, {
        enumerable: isThere,
        configurable: true,
        get: function () {
          note(name);
          return value;
        },
        set: function (next) {
          if (isThere) note(name);
          else Object.defineProperty(object, key, { enumerable: true, configurable: true, writable: true, value: next });
          value = next;
        },
      });
    };
    const request = event.request;
    const parts = ['method', 'uri', 'querystring', 'cookies'];
    const was = {};
    parts.forEach(function (key) {
      was[key] = JSON.stringify(request[key]);
    });
    const wasHeaders = {};
    Object.keys(request.headers).forEach(function (key) {
      wasHeaders[key] = JSON.stringify(request.headers[key]);
    });
    const describe = function (result) {
      if (!result || result.statusCode || !result.headers) return String(JSON.stringify(result));
      const changes = [];
      parts.forEach(function (key) {
        const text = JSON.stringify(result[key]);
        if (text !== was[key]) changes.push(key + ' ' + text);
      });
      Object.keys(result.headers).forEach(function (key) {
        const text = JSON.stringify(result.headers[key]);
        if (key !== 'x-origin-route' && text !== wasHeaders[key]) changes.push('header ' + key + ' ' + text);
      });
      Object.keys(wasHeaders).forEach(function (key) {
        if (key !== 'x-origin-route' && !result.headers[key]) changes.push('no header ' + key);
      });
      return changes.sort().join('\\n');
    };
    const raw = request.rawQueryString;
    Object.defineProperty(request, 'rawQueryString', {
      configurable: true,
      value: function () {
        note('querystring');
        return raw.call(request);
      },
    });
    watch(event, 'context', 'context', true);
    watch(event.viewer, 'ip', 'ip', true);
    parts.forEach(function (key) {
      watch(request, key, key, true);
    });
    Object.keys(request.headers).forEach(function (key) {
      watch(request.headers, key, 'headers.' + key, true);
    });
    names.forEach(function (key) {
      if (!wasHeaders[key]) watch(request.headers, key, 'headers.' + key, false);
    });
    try {
      const result = await original(event);
      state.isOn = false;
      state.changes = describe(result);
      return result;
    } finally {
      console.log('${mark}' + JSON.stringify({ reads: reads, changes: state.changes }));
    }
  };
}`;
