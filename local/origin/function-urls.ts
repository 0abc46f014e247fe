import http from 'node:http';
import { runInNewContext } from 'node:vm';
import { unzipSync } from 'fflate';
import { listenOnLoopback } from '../listen-on-loopback.ts';

// A fake of Lambda function URLs and the role they need, as far as the conformance kit uses them. Unverified: the
// kit's report of a run on AWS shows where it differs.

interface UrlEvent {
  rawPath: string;
  rawQueryString: string;
  headers: Record<string, string>;
  requestContext: { http: { method: string } };
  body?: string;
  isBase64Encoded: boolean;
}

interface UrlAnswer {
  statusCode: number;
  headers: Record<string, string>;
  body: string;
}

type UrlHandler = (event: UrlEvent) => Promise<UrlAnswer>;

interface UrlFunction {
  handler: UrlHandler;
  host: string | undefined;
  /** Statements that open the URL to anyone: both are needed since October 2025. */
  granted: Set<string>;
}

type Input = Readonly<Record<string, unknown>>;

export interface FunctionUrls {
  /** An operation of Lambda or IAM, such as `CreateFunctionUrlConfig`. Refusals have AWS's names. */
  call(service: 'lambda' | 'iam', operation: string, input: Input): Promise<Record<string, unknown>>;
  /** One front for all URLs: the Host decides which function runs. */
  port: number;
  /** What exists, such as `lambda x` and `role y`. */
  names(): string[];
  close(): Promise<void>;
}

class Refusal extends Error {
  readonly $metadata: { httpStatusCode: number };

  constructor(name: string, status: number, message: string) {
    super(message);
    this.name = name;
    this.$metadata = { httpStatusCode: status };
  }
}

export async function openFunctionUrls(): Promise<FunctionUrls> {
  const functions = new Map<string, UrlFunction>();
  const roles = new Set<string>();
  const find = (name: unknown): UrlFunction => {
    const found = functions.get(String(name));
    if (found === undefined) throw new Refusal('ResourceNotFoundException', 404, `Function not found: ${name}`);
    return found;
  };
  const lambda: Readonly<Record<string, (input: Input) => object>> = {
    CreateFunction({ FunctionName, Role, Code, Environment }) {
      const name = String(FunctionName);
      if (functions.has(name)) throw new Refusal('ResourceConflictException', 409, `Function already exist: ${name}`);
      const isOwn = roles.has(String(Role).split('/').pop() ?? '');
      if (!isOwn)
        throw new Refusal('InvalidParameterValueException', 400, 'The role defined for the function cannot be assumed by Lambda.');
      const { ORIGIN = '' } = (Environment as { Variables?: { ORIGIN?: string } } | undefined)?.Variables ?? {};
      functions.set(name, { handler: loadHandler((Code as { ZipFile: Uint8Array }).ZipFile, ORIGIN), host: undefined, granted: new Set() });
      return { FunctionName, State: 'Pending' };
    },
    GetFunctionConfiguration: ({ FunctionName }) => {
      find(FunctionName);
      return { FunctionName, State: 'Active' };
    },
    CreateFunctionUrlConfig({ FunctionName }) {
      const host = `${String(FunctionName).slice(-20).replaceAll('-', '')}.lambda-url.us-east-1.on.aws`;
      find(FunctionName).host = host;
      return { FunctionUrl: `https://${host}/` };
    },
    AddPermission({ FunctionName, Action }) {
      find(FunctionName).granted.add(String(Action));
      return {};
    },
    DeleteFunction({ FunctionName }) {
      find(FunctionName);
      functions.delete(String(FunctionName));
      return {};
    },
    ListFunctions: () => ({ Functions: [...functions.keys()].map((FunctionName) => ({ FunctionName })) }),
  };
  const iam: Readonly<Record<string, (input: Input) => object>> = {
    CreateRole({ RoleName, Path }) {
      if (roles.has(String(RoleName))) throw new Refusal('EntityAlreadyExists', 409, `Role with name ${RoleName} already exists.`);
      roles.add(String(RoleName));
      return { Role: { RoleName, Arn: `arn:aws:iam::111122223333:role${Path}${RoleName}` } };
    },
    DeleteRole({ RoleName }) {
      if (!roles.delete(String(RoleName))) throw new Refusal('NoSuchEntity', 404, `The role with name ${RoleName} cannot be found.`);
      return {};
    },
    ListRoles: () => ({ Roles: [...roles].map((RoleName) => ({ RoleName })) }),
  };

  const server = http.createServer((request, response) => {
    void answer([...functions.values()], request).then(({ statusCode, headers, body }) => {
      response.writeHead(statusCode, headers);
      response.end(request.method === 'HEAD' ? undefined : body);
    });
  });
  const port = await listenOnLoopback(server, 0);
  return {
    port,
    async call(service, operation, input) {
      const work = (service === 'lambda' ? lambda : iam)[operation];
      if (work === undefined) throw new Refusal('UnknownOperationException', 404, `${service} ${operation} is not emulated`);
      return { ...work(input) };
    },
    names: () => [...[...functions.keys()].map((name) => `lambda ${name}`), ...[...roles].map((name) => `role ${name}`)],
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The handler of a zip's index.js, in a context of its own. */
function loadHandler(zip: Uint8Array, name: string): UrlHandler {
  const source = Buffer.from(unzipSync(zip)['index.js'] ?? '').toString();
  const exports: { handler?: UrlHandler } = {};
  runInNewContext(source, { exports, process: { env: { ORIGIN: name } }, Buffer, URLSearchParams, setTimeout });
  return exports.handler ?? (async () => ({ statusCode: 502, headers: {}, body: '' }));
}

async function answer(functions: readonly UrlFunction[], request: http.IncomingMessage): Promise<UrlAnswer> {
  const host = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
  const found = functions.find((one) => one.host === host);
  if (found === undefined || found.granted.size < 2)
    return { statusCode: 403, headers: { 'content-type': 'application/json' }, body: '{"Message":"Forbidden"}' };
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const [rawPath = '/', rawQueryString = ''] = (request.url ?? '/').split('?');
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([key, value]) => [key, Array.isArray(value) ? value.join(',') : (value ?? '')]),
  );
  return found.handler({
    rawPath,
    rawQueryString,
    headers,
    requestContext: { http: { method: request.method ?? 'GET' } },
    ...(parts.length > 0 && { body: Buffer.concat(parts).toString('base64') }),
    isBase64Encoded: true,
  });
}
