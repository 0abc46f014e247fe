import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkFixture, readFixtures } from '../../../src/publish/fixtures.ts';

const output = {
  request: {
    method: 'GET',
    uri: '/api/x',
    headers: { 'x-origin-route': { value: 'singapore;country=IN;health=ok' } },
    querystring: { id: { value: '42' } },
    cookies: {},
  },
};

describe('an expectation', () => {
  it.each([
    { expectation: { request: {} }, says: [] },
    { expectation: { request: { method: 'GET', uri: '/api/x', querystring: { id: '42' } } }, says: [] },
    { expectation: { request: { headers: { 'x-origin-route': { matches: '^singapore;country=IN;' }, 'x-region': null } } }, says: [] },
    { expectation: { request: { method: 'POST' } }, says: ['method: expected "POST", found "GET"'] },
    { expectation: { request: { uri: { matches: '^/y' } } }, says: ['uri: expected a match of ^/y, found "/api/x"'] },
    {
      expectation: { request: { querystring: { id: '43', page: '1' } } },
      says: ['query argument id: expected "43", found "42"', 'query argument page: expected "1", found none'],
    },
    { expectation: { request: { cookies: { session: 'a' } } }, says: ['cookie session: expected "a", found none'] },
    { expectation: { response: { statusCode: 301 } }, says: ['expected a response, found a request'] },
  ])('$expectation finds $says', ({ expectation, says }) => {
    expect(checkFixture({ expectation }, { output })).toEqual(says);
  });

  it('compares a response by its status and headers', () => {
    const redirect = { response: { statusCode: 301, headers: { location: { value: '/new' } } } };
    const expected = { response: { statusCode: 302, headers: { location: '/old' } } };
    expect(checkFixture({ expectation: expected }, { output: redirect })).toEqual([
      'statusCode: expected 302, found 301',
      'header location: expected "/old", found "/new"',
    ]);
    expect(checkFixture({ expectation: { request: {} } }, { output: redirect })).toEqual(['expected a request, found a response']);
    expect(checkFixture({ expectation: { request: {} } }, { output: undefined })).toEqual([
      'the function returned neither a request nor a response',
    ]);
  });
});

describe('the folder of fixtures', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fixtures-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const put = (name: string, text: string) => writeFile(join(folder, name), text);

  it('holds the project’s own, each with its expectation', async () => {
    const fixtures = await readFixtures();
    expect(fixtures.length).toBeGreaterThanOrEqual(8);
    expect(new Set(fixtures.map(({ event }) => event.request.method)).size).toBeGreaterThanOrEqual(4);
  });

  it.each([
    { when: 'an event has no expectation', files: { 'a.event.json': '{"request":{}}' }, says: 'a.event.json has no a.expected.json' },
    { when: 'an expectation has no event', files: { 'a.expected.json': '{"request":{}}' }, says: 'a.expected.json has no a.event.json' },
    {
      when: 'an expectation is not JSON',
      files: { 'a.event.json': '{"request":{}}', 'a.expected.json': '{' },
      says: 'a.expected.json must be JSON',
    },
    {
      when: 'an expectation names something unknown',
      files: { 'a.event.json': '{"request":{}}', 'a.expected.json': '{"request":{"url":"/"}}' },
      says: 'Unrecognized key: "url"',
    },
    {
      when: 'a pattern is none',
      files: { 'a.event.json': '{"request":{}}', 'a.expected.json': '{"request":{"uri":{"matches":"("}}}' },
      says: 'request.uri',
    },
    {
      when: 'nothing is expected',
      files: { 'a.event.json': '{"request":{}}', 'a.expected.json': '{}' },
      says: 'needs either request or response',
    },
    {
      when: 'an event is none',
      files: { 'a.event.json': '{"uri":"/"}', 'a.expected.json': '{"request":{}}' },
      says: 'is not a valid test event',
    },
  ])('is refused when $when', async ({ files, says }) => {
    for (const [name, text] of Object.entries(files)) await put(name, text);
    await expect(readFixtures(folder)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(says) });
  });

  it('is missed by name when it is not there', async () => {
    await expect(readFixtures(join(folder, 'none'))).rejects.toMatchObject({ code: 'CONFIG_MISSING' });
  });
});
