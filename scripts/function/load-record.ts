import { healthKey } from '../../kvs/keys.ts';
import type { Io } from '../../src/cli/io.ts';
import type { EdgeConfig } from '../../src/config/edge-config.ts';

/** A health record and where it is from, for people. */
export interface LoadedRecord {
  /** Undefined when the key is missing. */
  record: string | undefined;
  from: string;
}

/** The record that was given, else the live one. */
export async function loadRecord(
  given: string | undefined,
  config: EdgeConfig,
  { local, io }: { local: boolean; io: Io },
): Promise<LoadedRecord> {
  if (given !== undefined) return { record: given, from: 'given' };
  const { openFlagStore } = await import('../../src/aws/open-flag-store.ts');
  const { store } = await openFlagStore({ env: io.env, isLocal: local, config, log: io.progress, signal: io.signal });
  const { values } = await store.read([healthKey]);
  return { record: values.get(healthKey), from: `live, ${config.keyValueStoreName}` };
}
