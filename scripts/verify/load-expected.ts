import type { Io } from '../../src/cli/io.ts';
import type { EdgeConfig } from '../../src/config/edge-config.ts';
import { EdgeError } from '../../src/errors.ts';
import { formatRecord } from '../../src/text/format-record.ts';
import { type Asker, type Expected, expectByConfiguration, expectByFunction } from '../../src/verify/expected-origins.ts';
import { type LoadedCode, loadLiveCode, loadTreeCode } from '../function/load-code.ts';
import { loadRecord } from '../function/load-record.ts';
import { openRuntime } from '../function/open-runtime.ts';

export interface LoadedExpected {
  /** In the order of the askers. */
  expected: readonly Expected[];
  by: 'function' | 'configuration';
  /** What is known of the function and the record, by name. */
  facts: readonly (readonly [string, string])[];
  /** Undefined when the key is missing or was not read. */
  record: string | undefined;
}

/**
 * By the LIVE function on the live record; by the working tree's function when LIVE cannot be read, and by
 * configuration when the record cannot.
 */
export async function loadExpected(askers: readonly Asker[], config: EdgeConfig, local: boolean, io: Io): Promise<LoadedExpected> {
  if (askers.length === 0) return { expected: [], by: 'configuration', facts: [], record: undefined };
  let loaded: Awaited<ReturnType<typeof loadRecord>>;
  try {
    loaded = await loadRecord(undefined, config, { local, io });
  } catch (error) {
    if (!(error instanceof EdgeError) || io.signal.aborted) throw error;
    const facts = [['record', `not read: ${error.message}; the expected origins come from edge.config.ts`]] as const;
    return { expected: expectByConfiguration(config, askers), by: 'configuration', facts, record: undefined };
  }
  const [runtime, source] = await Promise.all([openRuntime(io), loadCode(config, local, io)]);
  try {
    const { record } = loaded;
    const expected = await expectByFunction(
      { runtime, source, now: io.now(), origins: config.origins, keyPrefix: config.keyPrefix },
      record,
      askers,
    );
    const facts = [
      [
        'record',
        `${formatRecord(record, { now: io.now() })}  (${loaded.from})${io.verbose && record !== undefined ? `, stored as ${record}` : ''}`,
      ],
      ['function', source.label],
    ] as const;
    return { expected, by: 'function', facts, record };
  } finally {
    await runtime.close();
  }
}

/** Viewers get LIVE; the working tree's function replaces it for credentials that cannot read LIVE. */
async function loadCode(config: EdgeConfig, local: boolean, io: Io): Promise<LoadedCode> {
  try {
    return await loadLiveCode(config, { local, io });
  } catch (error) {
    if (!(error instanceof EdgeError) || io.signal.aborted) throw error;
    const tree = await loadTreeCode(config);
    return { ...tree, label: `${tree.label}, because LIVE was not read: ${error.message}` };
  }
}
