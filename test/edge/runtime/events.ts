import { createHash } from 'node:crypto';
import type {
  Execution,
  FunctionRuntime,
  FunctionSource,
  RunInput,
  ViewerRequestEvent,
  ViewerResponseEvent,
} from '../../../src/edge/execution.ts';

export function sourceOf(code: string): FunctionSource {
  return { code, sha256: createHash('sha256').update(code).digest('hex') };
}

export function viewerRequest(request: Partial<ViewerRequestEvent['request']> = {}): ViewerRequestEvent {
  return {
    version: '1.0',
    context: { distributionDomainName: 'd111.cloudfront.net', distributionId: 'E1', eventType: 'viewer-request', requestId: 'r1' },
    viewer: { ip: '203.0.113.7' },
    request: { method: 'GET', uri: '/page', querystring: {}, headers: { host: { value: 'www.example.com' } }, cookies: {}, ...request },
  };
}

export function viewerResponse(response: Partial<ViewerResponseEvent['response']> = {}): ViewerResponseEvent {
  const { context, request, ...rest } = viewerRequest();
  return {
    ...rest,
    request,
    context: { ...context, eventType: 'viewer-response' },
    response: { statusCode: 200, headers: { 'content-type': { value: 'text/plain' } }, cookies: {}, ...response },
  };
}

/** Runs a source once, on a plain request and without a store unless the options say otherwise. */
export function runOn(runtime: FunctionRuntime, code: string, input: Partial<RunInput> = {}): Promise<Execution> {
  return runtime.run({ source: sourceOf(code), event: viewerRequest(), store: undefined, ...input });
}

/** The body of a source's generated response; an error is thrown with the runtime's words. */
export async function bodyOf(runtime: FunctionRuntime, expression: string, input: Partial<RunInput> = {}): Promise<string> {
  const { output, error } = await runOn(
    runtime,
    `function handler(event) { return { statusCode: 200, body: String(${expression}) }; }`,
    input,
  );
  if (error !== undefined) throw new Error(error.message);
  return (output as { body: string }).body;
}
