import { parseHealthRecord } from '../../kvs/health-record.ts';
import { healthKey } from '../../kvs/keys.ts';
import type { Io } from '../../src/cli/io.ts';
import type { EdgeConfig } from '../../src/config/edge-config.ts';
import { EdgeError } from '../../src/errors.ts';
import { nearestName } from '../../src/text/nearest-name.ts';

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

/** The record as it is stored, on a line of its own under --verbose. */
export function storedAs(record: string | undefined, indent: string, { verbose }: Pick<Io, 'verbose'>): string[] {
  return verbose && record !== undefined ? [`${indent}stored as ${record}`] : [];
}

/** USAGE when a given record has an origin that edge.config.ts does not have: the edge would ignore that entry. */
export function refuseUnknownOrigins(record: string | undefined, config: Pick<EdgeConfig, 'origins'>): void {
  const unknown = findUnknownOrigin(record, config);
  if (unknown !== undefined) throw new EdgeError('USAGE', unknown.message, { hint: unknown.hint });
}

/** The same as a note: LIVE may know origins that edge.config.ts no longer has. */
export function noteUnknownOrigins(record: string | undefined, config: Pick<EdgeConfig, 'origins'>, io: Pick<Io, 'stderr'>): void {
  const unknown = findUnknownOrigin(record, config);
  if (unknown !== undefined) io.stderr(`note: ${unknown.message}; ${unknown.hint}`);
}

function findUnknownOrigin(record: string | undefined, { origins }: Pick<EdgeConfig, 'origins'>) {
  const known = Object.keys(origins);
  const unknown = parseHealthRecord(record ?? '')?.find(({ origin }) => !known.includes(origin));
  if (unknown === undefined) return undefined;
  const near = nearestName(unknown.origin, known);
  return {
    message: `no origin is called "${unknown.origin}"; origins: ${known.join(', ')}`,
    hint: near === undefined ? `--record "${known[0]}=0"` : `did you mean ${near}? --record "${record?.replace(unknown.origin, near)}"`,
  };
}
