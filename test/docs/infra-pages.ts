import { readFile } from 'node:fs/promises';
import { parseEdgeConfig } from '../../src/config/edge-config.ts';
import { proveFunction } from '../../src/edge/prove-function.ts';
import { emit, emitFormats } from '../../src/emit/emit.ts';
import edgeConfig from '../fixtures/sample/edge.config.ts';

/** Templates of infra/ that come from the sample's configuration, with their parts. */
const templates: Readonly<Record<string, readonly string[]>> = {
  'infra/edge.yaml': ['function', 'store', 'flipper'],
  'infra/flipper.yaml': ['flipper'],
  'infra/monitoring.yaml': ['monitoring'],
};

export const infraPages: Readonly<Record<string, () => Promise<string>>> = {
  ...Object.fromEntries(
    Object.entries(templates).map(([out, only]) => [out, async () => (await emitSample('cloudformation', out, only)).text]),
  ),
  ...Object.fromEntries(
    (emitFormats['iam']?.parts ?? []).map((role) => [
      `docs/iam/${role}.json`,
      async () => (await emitSample('iam', undefined, [role])).text,
    ]),
  ),
};

async function emitSample(format: string, out: string | undefined, only: readonly string[]) {
  const config = parseEdgeConfig(edgeConfig);
  const found = emitFormats[format];
  if (found === undefined) throw new Error(`no format ${format}`);
  return emit(found, {
    config,
    environment: undefined,
    distribution: await readFile('test/fixtures/sample/distribution.json', 'utf8'),
    only,
    out,
    code: 'path',
    buildFunction: async () => (await proveFunction({ config, njs: undefined })).code,
  });
}
