import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFunctionRuntime } from '../../local/runtime/function-runtime.ts';
import type { FunctionRuntime, RunInput, ViewerRequestEvent, ViewerResponseEvent } from '../../src/edge/execution.ts';
import { checkSyntax } from '../../src/edge/gate/check-syntax.ts';
import { checkCodeSize } from '../../src/edge/gate/gate.ts';
import { isRefusal } from '../../src/edge/gate/problem.ts';
import { judgeRun } from '../../src/edge/judge/judge.ts';
import { openNjsRuntime } from '../../src/edge/njs/njs.ts';
import { describeWith } from '../programs.ts';
import { njs, sampleEvent } from './njs/sample.ts';

const folder = new URL('../fixtures/corpus/', import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith('.js'));
const codeOf = (name: string) => readFileSync(new URL(name, folder), 'utf8');

const host = { host: { value: 'www.preview.example.com' } };
const requests: ViewerRequestEvent[] = [
  sampleEvent({
    uri: '/',
    headers: { ...host, 'accept-language': { value: 'de;q=0.8,fr' }, 'cloudfront-viewer-country': { value: 'IN' } },
  }),
  sampleEvent({
    uri: '/Blog/post/',
    querystring: { utm_source: { value: 'x' }, tag: { value: 'b', multiValue: [{ value: 'b' }, { value: 'a' }] }, jwt: { value: 'a.b.c' } },
    headers: { ...host, authorization: { value: 'Basic dXNlcjpwYXNz' }, 'user-agent': { value: 'curl/8.5.0' } },
    cookies: { session: { value: 'user.0' }, lang: { value: 'hi' }, state: { value: 'tab=2' }, level: { value: '4' } },
  }),
  sampleEvent({
    uri: '/api/docs/photo.jpg',
    method: 'POST',
    headers: { ...host, origin: { value: 'https://a.example.com' }, accept: { value: 'image/webp' } },
  }),
];
const responses = requests.map(
  (event): ViewerResponseEvent => ({
    ...event,
    context: { ...event.context, eventType: 'viewer-response' },
    response: { statusCode: 200, statusDescription: 'OK', headers: { 'content-type': { value: 'text/html' } }, cookies: {} },
  }),
);

const store = {
  values: new Map([
    ['home', '/home'],
    ['site', '{"prefix":"/s"}'],
    ['config', '{"prefix":"/c"}'],
    ['maintenance', 'off'],
    ['jwt.secret', 'k'],
  ]),
};

function inputsOf(name: string): RunInput[] {
  const code = codeOf(name);
  const source = { code, sha256: createHash('sha256').update(code).digest('hex') };
  const events = code.includes('event.response') ? responses : requests;
  return events.map((event) => ({
    source,
    event: structuredClone(event),
    store: code.includes('cloudfront') ? store : undefined,
    now: 1_764_000_000_000,
  }));
}

describe('the corpus', () => {
  it('has at least 60 functions', () => {
    expect(names.length).toBeGreaterThanOrEqual(60);
  });

  it.each(names)('is not refused: %s', (name) => {
    const code = codeOf(name);
    expect([...checkCodeSize(code), ...checkSyntax(code)].filter(isRefusal)).toEqual([]);
  });
});

describeWith(['njs'], 'the corpus in both engines', () => {
  const engine: FunctionRuntime = openNjsRuntime({ njs: String(njs), judge: judgeRun });
  let edge: FunctionRuntime;
  beforeAll(async () => {
    edge = await openFunctionRuntime({ checkSyntax });
  });
  afterAll(() => edge.close());

  it.each(names)('does the same: %s', async (name) => {
    const results = await Promise.all(
      inputsOf(name).map(async (input) => {
        const [inNjs, inWorkerd] = await Promise.all([engine.run(input), edge.run(input)]);
        const { memoryBytes: _, ...ofNjs } = inNjs;
        expect({ ...inWorkerd, error: inWorkerd.error?.kind, logs: [] }).toEqual({ ...ofNjs, error: ofNjs.error?.kind, logs: [] });
        return ofNjs;
      }),
    );
    // It is known to run: an event that fails would be the event's fault, all of them would be ours.
    expect(results.some(({ error }) => error === undefined)).toBe(true);
  });
});
