import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, it } from 'vitest';
import { readLogText } from '../../../src/log/read-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'read-log-'));
afterAll(() => rmSync(folder, { recursive: true }));

const mebibyte = 1_024 * 1_024;

async function read(mebibytes: number): Promise<{ bytes: number; error: unknown }> {
  const path = join(folder, `${mebibytes}.gz`);
  const member = gzipSync(Buffer.alloc(16 * mebibyte), { level: 1 });
  writeFileSync(path, Buffer.concat([...Array.from({ length: mebibytes / 16 }, () => member), Buffer.from('not gzip')]));
  let bytes = 0;
  try {
    for await (const { text } of readLogText(path, true)) bytes += text.length;
  } catch (error) {
    return { bytes, error };
  }
  return { bytes, error: undefined };
}

it('reads on over bytes behind the members, but holds no more than 256 MiB of them in memory', async () => {
  expect(await read(32)).toEqual({ bytes: 32 * mebibyte, error: undefined });
  // The last piece before the damage may be lost.
  expect(await read(272)).toEqual({ bytes: expect.closeTo(271 * mebibyte, -7), error: expect.objectContaining({ code: 'Z_DATA_ERROR' }) });
}, 30_000);
