import type { Io } from '../../src/cli/io.ts';
import type { EdgeConfig } from '../../src/config/edge-config.ts';
import { EdgeError } from '../../src/errors.ts';
import { type Asker, type Expected, expectByConfiguration, expectByFunction } from '../../src/verify/expected-origins.ts';
import { type LoadedCode, loadLiveCode, loadTreeCode } from '../function/load-code.ts';
import { loadRecord } from '../function/load-record.ts';
import { openRuntime } from '../function/open-runtime.ts';

export interface LoadedExpected {
  /** In the order of the askers. */
  expected: readonly Expected[];
  by: 'function' | 'configuration';
  /** For people: what is known of the function and the record. */
  told: readonly (readonly [string, string])[];
  /** Undefined when the key is missing or was not read. */
  record: string | undefined;
}

/** By the LIVE function on the live record, by that of the working tree where LIVE cannot be read; by configuration where the record cannot be read, which must stop nobody from looking. */
export async function loadExpected(askers: readonly Asker[], config: EdgeConfig, local: boolean, io: Io): Promise<LoadedExpected> {
  if (askers.length === 0) return { expected: [], by: 'configuration', told: [], record: undefined };
  let loaded: Awaited<ReturnType<typeof loadRecord>>;
  try {
    loaded = await loadRecord(undefined, config, { local, io });
  } catch (error) {
    if (!(error instanceof EdgeError) || io.signal.aborted) throw error;
    const told = [['record', `not read: ${error.message}; where viewers should go is taken from edge.config.ts`]] as const;
    return { expected: expectByConfiguration(config, askers), by: 'configuration', told, record: undefined };
  }
  const [runtime, source] = await Promise.all([openRuntime(io), loadCode(config, local, io)]);
  try {
    const { record } = loaded;
    const expected = await expectByFunction({ runtime, source, now: io.now() }, record, askers);
    const told = [
      ['record', `${record ?? 'the key is missing: read as ok'}  (${loaded.from})`],
      ['function', source.label],
    ] as const;
    return { expected, by: 'function', told, record };
  } finally {
    await runtime.close();
  }
}

/** What viewers get is LIVE's doing; who may not read it looks all the same. */
async function loadCode(config: EdgeConfig, local: boolean, io: Io): Promise<LoadedCode> {
  try {
    return await loadLiveCode(config, { local, io });
  } catch (error) {
    if (!(error instanceof EdgeError) || io.signal.aborted) throw error;
    const tree = await loadTreeCode(config);
    return { ...tree, label: `${tree.label}, since LIVE was not read: ${error.message}` };
  }
}
