import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EdgeConfig } from '../src/config/edge-config.ts';
import { buildFunction } from '../src/edge/build.ts';
import { countRequests } from '../src/edge/njs/instructions.ts';

type Inputs = Parameters<typeof countRequests>[1];
type Tools = Parameters<typeof countRequests>[2];
type Options = Parameters<typeof countRequests>[3];

/** Code that does nothing, in the forms that cost differently. */
const forms = [
  { name: 'before', part: 'before', code: 'function handler(event) { return event.request; }', budget: 5_000 },
  { name: 'before, async', part: 'before', code: 'async function handler(event) { return event.request; }', budget: 15_000 },
  { name: 'after', part: 'after', code: 'export default (request) => request;', budget: 5_000 },
] as const;

/** What code of the team's own costs on top of the router of a configuration, without what the code itself does. */
export async function countOwnCode(config: EdgeConfig, inputs: Inputs, tools: Tools, options?: Options) {
  const folder = await mkdtemp(join(tmpdir(), 'own-code-'));
  try {
    const plain = await buildFunction(config);
    const [alone = 0] = await countRequests(plain.code, inputs, tools, options);
    const rows = [];
    for (const { name, part, code, budget } of forms) {
      const file = join(folder, `${rows.length}.js`);
      await writeFile(file, code);
      const built = await buildFunction({ ...config, [part]: file });
      const [composed = 0] = await countRequests(built.code, inputs, tools, options);
      rows.push({ name, instructions: composed - alone, budget, bytes: built.bytes - plain.bytes, maxBytes: 260 });
    }
    return rows;
  } finally {
    await rm(folder, { recursive: true });
  }
}
