import { describe, expect, it } from 'vitest';
import { parseTestEvent } from '../../../src/edge/parse-test-input.ts';

const problemsOf = (event: unknown): string => {
  try {
    parseTestEvent(typeof event === 'string' ? event : JSON.stringify(event), 'event.json');
  } catch (error) {
    return (error as Error).message;
  }
  return '';
};

describe('parseTestEvent', () => {
  it('fills in what AWS lets a test event leave out', () => {
    expect(parseTestEvent('{"request": {}}', 'event.json')).toEqual({
      version: '1.0',
      context: { distributionDomainName: '', distributionId: '', eventType: 'viewer-request', requestId: '' },
      viewer: { ip: '' },
      request: { method: 'GET', uri: '/', querystring: {}, headers: {}, cookies: {} },
    });
  });

  it('keeps what is there, fields that it does not know included', () => {
    const event = {
      version: '1.0',
      context: { distributionDomainName: 'd', distributionId: 'E', eventType: 'viewer-response', requestId: 'r', endpoint: 'e' },
      viewer: { ip: '::1' },
      request: {
        method: 'POST',
        uri: '/a',
        querystring: { q: { value: '1', multiValue: [{ value: '1' }, { value: '2' }] } },
        headers: { host: { value: 'example.com' } },
        cookies: { c: { value: 'x', attributes: 'Secure' } },
      },
      response: { statusCode: 200, statusDescription: 'OK', headers: {}, cookies: {} },
    };
    expect(parseTestEvent(JSON.stringify(event), 'event.json')).toEqual(event);
  });

  it.each([
    { event: 'no json', problem: 'must be JSON' },
    { event: [], problem: 'the event: ' },
    { event: {}, problem: 'request: ' },
    { event: { request: { uri: 'a' } }, problem: 'request.uri: ' },
    { event: { request: { headers: { host: 'example.com' } } }, problem: 'request.headers.host: ' },
    { event: { request: {}, context: { eventType: 'origin-request' } }, problem: 'context.eventType: ' },
    {
      event: { request: {}, response: { statusCode: 200 } },
      problem: 'context.eventType is viewer-request, but response is present',
    },
    {
      event: { request: {}, context: { eventType: 'viewer-response' } },
      problem: 'context.eventType is viewer-response, but response is missing',
    },
    { event: { request: { uri: `/${'a'.repeat(41_000)}` } }, problem: 'at most 40960' },
  ])('names the problem: $problem', ({ event, problem }) => {
    expect(problemsOf(event)).toContain(problem);
    expect(problemsOf(event)).toMatch(/^event\.json is not a valid test event:/);
  });
});
