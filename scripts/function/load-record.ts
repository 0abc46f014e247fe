import { parseHealthRecord } from '../../kvs/health-record.ts';
import { healthKey } from '../../kvs/keys.ts';
import type { Io } from '../../src/cli/io.ts';
import type { EdgeConfig } from '../../src/config/edge-config.ts';
import { EdgeError } from '../../src/errors.ts';

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

/** USAGE when a given record has an origin that edge.config.ts does not have: the edge would ignore that entry. */
export function refuseUnknownOrigins(record: string | undefined, { origins }: Pick<EdgeConfig, 'origins'>): void {
  const known = Object.keys(origins);
  const unknown = parseHealthRecord(record ?? '')?.find(({ origin }) => !known.includes(origin));
  if (unknown === undefined) return;
  throw new EdgeError('USAGE', `no origin is called "${unknown.origin}"; origins: ${known.join(', ')}`, {
    hint: `--record "${known[0]}=0"`,
  });
}
