import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import type { Execution, RunInput } from '../../../src/edge/execution.ts';
import { judgeRun } from '../../../src/edge/judge/judge.ts';
import { openNjsRuntime } from '../../../src/edge/njs/njs.ts';
import { proveFunction } from '../../../src/edge/prove-function.ts';
import { isRecord } from '../../../src/text/is-record.ts';
import edgeConfig from '../../fixtures/sample/edge.config.ts';
import { describeWith } from '../../programs.ts';
import { njs, sampleEvent } from '../njs/sample.ts';

const folder = fileURLToPath(new URL('../../fixtures/corpus/', import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith('.js') && !readFileSync(folder + name, 'utf8').includes('event.response'));
const callsHelper = (name: string) => /RequestOrigin/.test(readFileSync(folder + name, 'utf8'));

const host = { host: { value: 'www.preview.example.com' }, 'cloudfront-viewer-country': { value: 'IN' } };
const events = [
  sampleEvent({ uri: '/', headers: { ...host, 'accept-language': { value: 'de;q=0.8,fr' } } }),
  sampleEvent({
    uri: '/Blog/post/',
    querystring: { utm_source: { value: 'x' }, jwt: { value: 'a.b.c' } },
    headers: { ...host, authorization: { value: 'Basic dXNlcjpwYXNz' }, 'user-agent': { value: 'curl/8.5.0' } },
    cookies: { session: { value: 'user.0' }, lang: { value: 'hi' } },
  }),
  sampleEvent({ uri: '/api/docs/photo.jpg', method: 'POST', headers: { ...host, accept: { value: 'image/webp' } } }),
];
const keys = { home: '/home', site: '{"prefix":"/s"}', config: '{"prefix":"/c"}', maintenance: 'off', 'jwt.secret': 'k', health: 'ok' };
const store = { values: new Map(Object.entries(keys)) };

/** An existing function does the same when the router runs behind it, unless a line of its own is refused. */
describeWith(['njs'], 'each function of the corpus as before', () => {
  const engine = openNjsRuntime({ njs: String(njs), judge: judgeRun });
  const inputs = (code: string): RunInput[] => {
    const source = { code, sha256: createHash('sha256').update(code).digest('hex') };
    return events.map((event) => ({ source, event: structuredClone(event), store, now: 1_764_000_000_000 }));
  };

  it.each(files.filter((name) => !callsHelper(name)))('does what it did, and then the router what it does: %s', async (name) => {
    const config = parseEdgeConfig({ ...edgeConfig, before: folder + name });
    const { code } = await proveFunction({ config, njs });
    const [alone, composed] = await Promise.all([
      engine.runMany(inputs(readFileSync(folder + name, 'utf8'))),
      engine.runMany(inputs(code)),
    ]);
    for (const [index, before] of alone.entries()) {
      const after = composed[index] as Execution;
      const about = `${name}, event ${index}`;
      expect(after.error?.kind, about).toBe(before.error?.kind);
      expect(after.logs.length, about).toBe(before.logs.length);
      const isRouted = isRecord(before.output) && !('statusCode' in before.output);
      if (!isRouted) expect(after, about).toMatchObject({ output: before.output, originCall: undefined, reads: before.reads });
      else {
        const { headers, ...rest } = before.output as { headers: Record<string, unknown> };
        const route = { 'x-origin-route': { value: 'singapore;country=IN;health=ok' } };
        expect(after.output, about).toEqual({ ...rest, headers: { ...headers, ...route } });
        expect(after.reads, about).toEqual([...before.reads, 'health']);
        expect(after.originCall, about).toBeDefined();
      }
    }
  });

  it.each(files.filter(callsHelper))('is refused for its own origin helper: %s', async (name) => {
    const config = parseEdgeConfig({ ...edgeConfig, before: folder + name });
    await expect(proveFunction({ config, njs })).rejects.toMatchObject({
      code: 'GATE_REFUSED',
      message: expect.stringMatching(new RegExp(`${name.replaceAll('.', '\\.')}:\\d+:\\d+ second-helper: `)),
    });
  });

  it('may choose the origin of a path that passes through', async () => {
    const { defaultOrder = [], routes = [], ...rest } = edgeConfig;
    const services = [{ name: 'api', paths: ['/api/*'], order: defaultOrder, routes }];
    const config = parseEdgeConfig({ ...rest, services, before: `${folder}origin-update.js` });
    expect((await proveFunction({ config, njs })).teamFiles).toEqual([`${folder}origin-update.js`]);
  });
});
