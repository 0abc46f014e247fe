import { createHash } from 'node:crypto';
import type { FunctionSource, RunInput, ViewerRequestEvent } from '../../../src/edge/execution.ts';
import { pathOf } from '../../programs.ts';

export const njs = pathOf('njs');
export const valgrind = pathOf('valgrind');

function sourceOf(code: string): FunctionSource {
  return { code, sha256: createHash('sha256').update(code).digest('hex') };
}

export function sampleEvent(request: Partial<ViewerRequestEvent['request']> = {}): ViewerRequestEvent {
  return {
    version: '1.0',
    context: {
      distributionDomainName: 'd111111abcdef8.cloudfront.net',
      distributionId: 'EDFDVBD6EXAMPLE',
      eventType: 'viewer-request',
      requestId: 'EXAMPLE',
    },
    viewer: { ip: '203.0.113.7' },
    request: { method: 'GET', uri: '/api/x', querystring: {}, headers: { host: { value: 'example.com' } }, cookies: {}, ...request },
  };
}

/** A run of this code on a plain event, without a store. */
export function runOf(code: string, more: Partial<RunInput> = {}): RunInput {
  return { source: sourceOf(code), event: sampleEvent(), store: undefined, now: 1_764_000_000_000, ...more };
}
