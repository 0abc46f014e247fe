// Runs inside njs, before the function's own code: takes away what CloudFront does not have, replaces the module 'cloudfront', and feeds
// the function one event after the other. Written in njs's dialect. Its counterpart on the Node side is run-batch.ts.
// Left there by the module before this one; taken away again with everything else that CloudFront does not have.
const batch = globalThis.$batch;

const write = globalThis.print;
const RealDate = Date;
const parse = JSON.parse;
const stringify = JSON.stringify;
const hasOwn = Object.prototype.hasOwnProperty;
const byteLength = Buffer.byteLength;
// njs frees nothing while it runs, so this only grows. Without it (before njs 0.7.8) everything takes 0.
const engine = globalThis.njs;
const canMeasure = engine !== undefined && engine.memoryStats !== undefined;
const claimed = () => (canMeasure ? engine.memoryStats.size : 0);
// Before the function's own top level runs; set below.
let claimedAtStart = 0;

// Bytes of logs that one run keeps; CloudFront truncates at 10 KB (cloudfront-function-restrictions.html).
const maxLogBytes = 10240;
const epoch = '1970-01-01T00:00:00.000Z';

const noHandler = stringify({
  output: null,
  calls: [],
  reads: [],
  logs: [],
  droppedLogArguments: 0,
  failure: 'TypeError: the function has no handler at its top level',
});

let now = batch.now;
let store;
let failReads = false;
let trace = newTrace();

// What AWS documents for a distribution without tenants.
const noTenant = {};
['id', 'parameters'].forEach((name) => {
  Object.defineProperty(noTenant, name, {
    get: () => {
      throw new TypeError('distributionTenant module is not available');
    },
  });
});

const cf = {
  kvs: () => {
    if (!batch.associated) throw new Error('KeyValueStore is not associated with the function');
    return handle;
  },
  edgeLocation: {},
  distributionTenant: noTenant,
  logCustomData: (text) => {
    if (typeof text !== 'string') throw new TypeError('logCustomData takes one string');
    trace.customData = text;
  },
  selectRequestOriginById: (...args) => {
    note('selectRequestOriginById', args);
  },
  createRequestOriginGroup: (...args) => {
    note('createRequestOriginGroup', args);
  },
  updateRequestOrigin: (...args) => {
    note('updateRequestOrigin', args);
  },
};

// Nothing here can do what it does, and a function that catches what it throws would answer as if the token were bad.
Object.defineProperty(cf, 'cwt', {
  get: () => {
    trace.missing = 'cf.cwt does not exist here: test this path on CloudFront';
    throw new Error(trace.missing);
  },
});

const handle = {
  get: async (key, options) => {
    const format = options === undefined || options.format === undefined ? 'string' : options.format;
    if (format !== 'string' && format !== 'json' && format !== 'bytes') throw new TypeError(`unknown format "${format}"`);
    const value = read(key);
    if (value === undefined) throw missing(key);
    if (format === 'json') return parse(value);
    return format === 'bytes' ? Buffer.from(value) : value;
  },
  exists: async (key) => read(key) !== undefined,
  meta: async () => {
    if (failReads) throw unreadable;
    return {
      creationDateTime: store.createdAt || epoch,
      lastUpdatedDateTime: store.updatedAt || epoch,
      keyCount: Object.keys(store.values).length,
    };
  },
};

// Errors are made once for each key: njs's command line spends milliseconds on every new one, to name the functions of its stack.
const unreadable = new Error('KeyValueStore could not be read');
const missingKeys = {};

function missing(key) {
  if (!hasOwn.call(missingKeys, key)) missingKeys[key] = new Error(`KeyNotFound: ${key}`);
  return missingKeys[key];
}

function read(key) {
  if (typeof key !== 'string') throw new TypeError('the key must be a string');
  trace.reads.push(key);
  if (failReads) throw unreadable;
  return hasOwn.call(store.values, key) ? store.values[key] : undefined;
}

// As text at once: a later change of an argument must not rewrite it.
function note(helper, args) {
  let text = '[]';
  try {
    text = stringify(args);
  } catch (_error) {
    text = '[]';
  }
  trace.calls.push(`["${helper}",${text}]`);
}

function newTrace() {
  return {
    calls: [],
    reads: [],
    logs: [],
    droppedLogArguments: 0,
    customData: undefined,
    failure: undefined,
    missing: undefined,
    room: maxLogBytes,
  };
}

function log(...args) {
  if (args.length > 1) trace.droppedLogArguments += args.length - 1;
  const bytes = Buffer.from(logged(args[0]));
  if (trace.room <= 0) return;
  trace.logs.push((bytes.length > trace.room ? bytes.subarray(0, trace.room) : bytes).toString());
  trace.room -= bytes.length;
}

function logged(value) {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  try {
    const text = stringify(value);
    return text === undefined ? String(value) : text;
  } catch (_error) {
    return String(value);
  }
}

const linePattern = /function\.js:(\d+)\)/;

function describe(error) {
  if (!(error instanceof Error)) return `Uncaught ${logged(error)}`;
  const place = linePattern.exec(String(error.stack));
  return `${error.name}: ${error.message}${place === null ? '' : ` in ${place[1]}`}`;
}

// Every question for the time gets the start of the run.
function FrozenDate(...args) {
  if (!(this instanceof FrozenDate)) return new RealDate(now).toString();
  if (args.length === 0) return new RealDate(now);
  return new (RealDate.bind.apply(RealDate, [null].concat(args)))();
}

FrozenDate.prototype = RealDate.prototype;
FrozenDate.now = () => now;
FrozenDate.parse = RealDate.parse;
FrozenDate.UTC = RealDate.UTC;
Object.defineProperty(RealDate.prototype, 'constructor', { value: FrozenDate, writable: true, configurable: true });

function replaceAll(pattern, replacement) {
  if (pattern instanceof RegExp) {
    if (!pattern.global) throw new TypeError('String.prototype.replaceAll called with a non-global RegExp argument');
    return this.replace(pattern, replacement);
  }
  const escaped = String(pattern).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return String(this).replace(new RegExp(escaped, 'g'), replacement);
}

const engineRequire = globalThis.require;

// njs has modules that CloudFront has not, and without its sandbox a file system.
const modules = ['crypto', 'querystring', 'buffer'];

function requireModule(name) {
  if (modules.indexOf(name) < 0) throw new Error(`Cannot find module "${name}"`);
  return engineRequire(name);
}

function restrict() {
  Object.getOwnPropertyNames(globalThis).forEach((name) => {
    if (batch.globals.indexOf(name) < 0) delete globalThis[name];
  });
  globalThis.require = requireModule;
  globalThis.Date = FrozenDate;
  globalThis.console = { log: log };
  ['bytesFrom', 'fromBytes', 'fromUTF8', 'toBytes', 'toUTF8'].forEach((name) => {
    delete String[name];
    delete String.prototype[name];
  });
  // Debian 12's njs is one release older than the method, which CloudFront has.
  if (!String.prototype.replaceAll)
    Object.defineProperty(String.prototype, 'replaceAll', { value: replaceAll, writable: true, configurable: true });
}

let rawQueryString;
// Not enumerable, like a method: it is not a part of the request that goes on.
const rawQueryStringMember = { value: () => rawQueryString, configurable: true, writable: true };

function begin(run) {
  trace = newTrace();
  now = run.now;
  failReads = run.failReads === true;
  store = run.store;
  rawQueryString = run.rawQueryString;
  cf.edgeLocation = run.edgeLocation || {};
  queryNames = run.queryNames;
  if (queryNames !== undefined) run.event.request.querystring = inOrder(run.event.request.querystring);
  Object.defineProperty(run.event.request, 'rawQueryString', rawQueryStringMember);
  return run.event;
}

// Names that look like integers come first in the V8 that wrote the event and will read the output, whatever their order was.
let queryNames;

function inOrder(values) {
  const ordered = {};
  queryNames.forEach((name) => {
    ordered[name] = values[name];
  });
  return ordered;
}

function namesOf(returned) {
  if (queryNames === undefined || typeof returned !== 'object' || returned === null) return undefined;
  return typeof returned.querystring === 'object' && returned.querystring !== null ? Object.keys(returned.querystring) : undefined;
}

function finish(output) {
  const rest = {
    queryNames: trace.queryNames,
    customData: trace.customData,
    failure: trace.missing || trace.failure,
    droppedLogArguments: trace.droppedLogArguments,
    memoryBytes: canMeasure ? trace.memoryBytes : undefined,
  };
  return `{"output":${output},"calls":[${trace.calls.join()}],"reads":${list(trace.reads)},"logs":${list(trace.logs)},${stringify(rest).slice(1)}`;
}

function list(texts) {
  return texts.length === 0 ? '[]' : stringify(texts);
}

// njs cuts what it prints after 2,047 bytes. A piece that another follows begins with +, the last one with a full stop.
function writeLine(line) {
  const size = byteLength(line) === line.length ? 2000 : 500;
  let from = 0;
  for (; line.length - from > size; from += size) write(`+${line.slice(from, from + size)}`);
  write(`.${line.slice(from)}`);
}

async function drive(handler) {
  const loadBytes = claimed() - claimedAtStart;
  // The function's code has been loaded without an error.
  write('loaded');
  for (let i = 0; i < batch.runs.length; i++) {
    if (typeof handler !== 'function') {
      writeLine(noHandler);
      continue;
    }
    let output = 'null';
    const before = claimed();
    try {
      const returned = await handler(begin(parse(batch.runs[i])));
      trace.memoryBytes = claimed() - before + loadBytes;
      trace.queryNames = namesOf(returned);
      const text = stringify(returned);
      if (text !== undefined) output = text;
    } catch (error) {
      trace.memoryBytes = claimed() - before + loadBytes;
      trace.failure = describe(error);
    }
    writeLine(finish(output));
  }
}

restrict();
claimedAtStart = claimed();

export default { cf: cf, drive: drive };
