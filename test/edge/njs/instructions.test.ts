import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { countInstructions, countLoad, countRequests } from '../../../src/edge/njs/instructions.ts';
import { describeWith } from '../../programs.ts';
import { njs, sampleEvent, valgrind } from './sample.ts';

const tools = { njs: String(njs), valgrind: String(valgrind) };
const once = { event: sampleEvent(), store: { values: new Map([['health', 'ok']]) } };
const few = { eventsPerRun: 10 };

describeWith(['njs', 'valgrind'], 'countInstructions', () => {
  it('charges an empty async handler nothing except the layout of its program', async () => {
    const { load, perRequest } = await countInstructions('async function handler(event) { return event.request; }\n', [once], tools, few);
    expect(Math.abs(perRequest[0] ?? Number.NaN)).toBeLessThan(100);
    expect(Math.abs(load)).toBeLessThan(2_000);
  });

  it('counts a read of the store, and three reads as more', async () => {
    const code = `import cf from 'cloudfront';
async function handler(event) {
  for (let i = 0; i < event.request.uri.length; i++) await cf.kvs().get('health');
  return event.request;
}
`;
    const thrice = { ...once, event: sampleEvent({ uri: '/ab' }) };
    const single = { ...once, event: sampleEvent({ uri: '/' }) };
    const [one = 0, three = 0] = await countRequests(code, [single, thrice], tools, few);
    expect(one).toBeGreaterThan(3_000);
    expect(one).toBeLessThan(20_000);
    expect(three).toBeGreaterThan(2 * one);
    const [alone = 0] = await countRequests(code, [thrice], tools, few);
    expect(Math.abs(alone - three)).toBeLessThan(three / 50);
  });

  it('counts the top level as load, the same in each temporary folder', async () => {
    const table = JSON.stringify(Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, i])));
    const code = `const table = ${table};\nasync function handler(event) { return event.request; }\n`;
    const known = new Map<string, Promise<number>>();
    const load = await countLoad(code, [], tools, { known });
    expect(load).toBeGreaterThan(500_000);
    for (const key of known.keys()) if (key.includes(code)) known.delete(key);
    expect(known.size).toBe(3);
    const another = await mkdtemp(join(tmpdir(), 'a-folder-with-a-longer-name-'));
    vi.stubEnv('TMPDIR', another);
    try {
      expect(await countLoad(code, [], tools, { known })).toBe(load);
    } finally {
      vi.unstubAllEnvs();
      await rm(another, { recursive: true });
    }
  });

  it('says why a function cannot be counted', async () => {
    const missing = "import cf from 'cloudfront';\nasync function handler() { await cf.kvs().get('absent'); }\n";
    await expect(countRequests(missing, [once], tools, few)).rejects.toThrow(/no such key/);
    await expect(countInstructions('let = ;', [once], tools, few)).rejects.toThrow(
      expect.objectContaining({ code: 'TEST_FAILED', message: expect.stringContaining('SyntaxError') }),
    );
  });
});
