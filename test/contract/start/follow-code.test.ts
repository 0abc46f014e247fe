import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { followCode } from '../../../scripts/start/follow-code.ts';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import edgeConfig from '../../fixtures/sample/edge.config.ts';

it('publishes again when a file of the code changes, one that it imports included, and reports what cannot be built', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'follow-code-'));
  const ending = new AbortController();
  const [before, part] = [join(folder, 'auth.ts'), join(folder, 'part.ts')];
  try {
    await writeFile(part, 'export const name = "a";');
    await writeFile(before, 'import { name } from "./part.ts";\nexport default (request: any) => ((request.name = name), request);');
    const notes: string[] = [];
    const publish = vi.fn(async () => ({ sha256: '0123456789abcdef' }));
    const config = parseEdgeConfig({ ...edgeConfig, before });
    const following = followCode({ config, publish, note: (line) => notes.push(line), signal: ending.signal, everyMs: 20 });
    let at = 1_000_000;
    const touch = async (file: string, seen: number) => {
      at += 10;
      await utimes(file, at, at);
      await vi.waitFor(() => expect(notes.length).toBeGreaterThanOrEqual(seen), { timeout: 20_000 });
    };
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await touch(part, 1);
    publish.mockRejectedValueOnce(new Error('auth.ts:1:1: wrong'));
    await touch(before, 2);
    ending.abort();
    await following;
    expect(publish).toHaveBeenCalledTimes(2);
    expect(notes).toEqual([
      expect.stringMatching(/part\.ts changed: the edge runs 0123456789ab$/),
      expect.stringMatching(/auth\.ts changed, and the edge keeps the last function: auth\.ts:1:1: wrong$/),
    ]);
  } finally {
    ending.abort();
    await rm(folder, { recursive: true });
  }
});
