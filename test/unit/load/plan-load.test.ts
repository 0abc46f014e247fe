import { describe, expect, it } from 'vitest';
import { type LoadTarget, type LoadWishes, planLoad } from '../../../src/load/plan-load.ts';

const here: LoadTarget = { url: new URL('http://app.localhost:4601/api/x'), addresses: ['127.0.0.1'], isLoopback: true };
const there: LoadTarget = { url: new URL('https://www.example.com/'), addresses: ['203.0.113.9'], isLoopback: false };
const base: LoadWishes = {
  method: 'GET',
  body: undefined,
  country: undefined,
  connections: 10,
  durationMs: 10_000,
  requestsPerSecond: undefined,
  isOwned: false,
};
const owned = { ...base, isOwned: true };

describe('the plan of a load test', () => {
  it('is as fast as it goes on this machine', () => {
    expect(planLoad(here, base)).toMatchObject({
      requestsPerSecond: undefined,
      summary: 'GET http://app.localhost:4601/api/x (127.0.0.1), 10 connections for 10 s, as fast as it answers',
    });
    expect(planLoad(here, { ...base, connections: 200, durationMs: 300_000, requestsPerSecond: 100_000 })).toMatchObject({
      connections: 200,
    });
  });

  it('is gentle by default with another machine', () => {
    expect(planLoad(there, owned)).toMatchObject({
      requestsPerSecond: 50,
      summary: 'GET https://www.example.com/ (203.0.113.9), 10 connections for 10 s, at most 50 requests a second',
    });
    expect(planLoad(there, { ...owned, connections: 20, durationMs: 60_000, requestsPerSecond: 200 })).toMatchObject({ connections: 20 });
  });

  it('sends nothing to a machine that is not owned', () => {
    expect(() => planLoad(there, base)).toThrow('www.example.com (203.0.113.9) is not this machine: nothing was sent');
  });

  it.each([
    { what: { connections: 21 }, says: /20 connections .*21/ },
    { what: { durationMs: 61_000 }, says: /60 seconds .*61/ },
    { what: { requestsPerSecond: 201 }, says: /200 requests a second .*201/ },
    { what: { country: 'IN' }, says: /^--country / },
  ])('refuses $what for another machine', ({ what, says }) => {
    expect(() => planLoad(there, { ...owned, ...what })).toThrow(says);
  });

  it.each([
    { what: { connections: 201 }, says: /200 connections .*201/ },
    { what: { durationMs: 301_000 }, says: /300 seconds .*301/ },
    { what: { durationMs: 1_500 }, says: /--duration .*1500 ms/ },
    { what: { body: '{}' }, says: /a GET has no body/ },
  ])('refuses $what anywhere', ({ what, says }) => {
    expect(() => planLoad(here, { ...base, ...what })).toThrow(says);
  });

  it('says what the body is, and to the local edge where the viewer is', () => {
    const headers = (more: Partial<LoadWishes>) => planLoad(here, { ...base, method: 'POST', ...more }).request.headers;
    expect(headers({ body: '{"a":1}', country: 'IN' })).toEqual({ 'content-type': 'application/json', 'x-local-viewer-country': 'IN' });
    expect(headers({ body: 'a=1' })).toEqual({ 'content-type': 'text/plain' });
    expect(headers({})).toEqual({});
  });
});
