/** One header, cookie or query argument as the event carries it. */
export interface EventValue {
  value: string;
  multiValue?: { value: string }[];
  /** Cookies of a response only. */
  attributes?: string;
}

export type EventValues = Record<string, EventValue>;

/** The event of a viewer-request function (AWS: functions-event-structure.html), with `request` as plain data. */
export interface ViewerRequestEvent {
  version: '1.0';
  context: { distributionDomainName: string; distributionId: string; eventType: 'viewer-request'; requestId: string };
  viewer: { ip: string };
  request: { method: string; uri: string; querystring: EventValues; headers: EventValues; cookies: EventValues };
}

/** A viewer-response event: the same with the response. */
export interface ViewerResponseEvent {
  version: '1.0';
  context: { distributionDomainName: string; distributionId: string; eventType: 'viewer-response'; requestId: string };
  viewer: { ip: string };
  request: ViewerRequestEvent['request'];
  response: { statusCode: number; statusDescription?: string; headers: EventValues; cookies: EventValues };
}

export interface OriginOverrides {
  hostHeader?: string;
  sni?: string;
  allowedCertificateNames?: string[];
}

/** The origin helper that the function called, with its checked arguments. */
export type OriginCall =
  | { helper: 'selectRequestOriginById'; originId: string; overrides?: OriginOverrides }
  | {
      helper: 'createRequestOriginGroup';
      originIds: { originId: string; originOverrides?: OriginOverrides }[];
      statusCodes: number[];
      selectionCriteria?: string;
    }
  | { helper: 'updateRequestOrigin'; settings: Record<string, unknown> };

/** What one run of a function did. */
export interface Execution {
  /** What the handler returned, as plain data; undefined when it failed. */
  output: unknown;
  originCall: OriginCall | undefined;
  /** Keys read from the KeyValueStore, in order. */
  reads: string[];
  logs: string[];
  /** `execution`: it threw or could not run (503); `validation`: its result is refused (502). */
  error: { kind: 'execution' | 'validation'; message: string } | undefined;
  /** The last text given to `cf.logCustomData`, for the access log's own field; absent when the function gave none. */
  customData?: string;
  /** The names of the output's query in the order of the engine, where `output` may list them in another one. */
  queryNames?: string[];
  /** Bytes of memory that loading and running took; absent where the engine does not report it, as in workerd. */
  memoryBytes?: number;
}

/** A function as a runtime is given it: the source unaltered, its hash as identity. */
export interface FunctionSource {
  code: string;
  sha256: string;
}

export interface StoreView {
  values: ReadonlyMap<string, string>;
  /** Makes every read reject. */
  failReads?: boolean;
  /** Identifies this content, for example by ARN and ETag. Without it a runtime compares the content at each run. */
  version?: string;
  /** What `meta()` returns, ISO 8601; default 1970. */
  createdAt?: string;
  updatedAt?: string;
}

export interface RunInput {
  source: FunctionSource;
  event: ViewerRequestEvent | ViewerResponseEvent;
  /** The KeyValueStore as this run sees it, a snapshot; undefined when none is associated. */
  store: StoreView | undefined;
  edgeLocation?: { name: string; serverIp: string; region: string };
  /**
   * What `request.rawQueryString()` returns: '' for a bare `?`. When absent, the event's arguments are joined again.
   */
  rawQueryString?: string;
  /** Milliseconds since the epoch: what every clock says during the run. Default: when the run was handed over. */
  now?: number;
}

/** Runs functions: workerd, or njs. Functions never share state between runs. */
export interface FunctionRuntime {
  run(input: RunInput): Promise<Execution>;
  close(): Promise<void>;
}

/** Many events for several functions, all under one store and at one moment. */
export interface Sweep {
  sources: readonly FunctionSource[];
  events: readonly ViewerRequestEvent[];
  store: StoreView;
  now: number;
}

/** Runs functions by the thousand. All runs of one function in a sweep share one evaluation of its top level. */
export interface SweepRuntime {
  /**
   * By source and event. Runs that did the same share one Execution, with the output of the first of them. Undefined
   * for functions that need a FunctionRuntime: one that never ends, or that changes built-in objects.
   */
  sweep(sweep: Sweep): Promise<Execution[][] | undefined>;
  close(): Promise<void>;
}

/** What one run of a function did, before anything about it is checked. */
export interface RawRun {
  output: unknown;
  /** Calls of origin helpers in order, with their arguments as JSON sees them. */
  calls: [helper: string, args: unknown[]][];
  reads: string[];
  logs: string[];
  /** Arguments of console.log after the first, which were not logged. */
  droppedLogArguments: number;
  customData?: string;
  /** The names of the returned query in the engine's own order, where `output` may list them in another one. */
  queryNames?: string[];
  /** Bytes that loading and running took, if the engine reports them. */
  memoryBytes?: number;
  /** Why the handler gave no result. */
  failure?: string;
}

/** What CloudFront makes of a run; `judgeRun` in src/edge/judge is the one for every runtime. */
export type JudgeRun = (input: RunInput, raw: RawRun) => Execution;
