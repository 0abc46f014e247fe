import type { ReportedPlace } from '../core/reports.ts';
import { EdgeError } from '../errors.ts';
import { nearestName } from '../text/nearest-name.ts';
import type { EdgeConfig } from './edge-config.ts';

/** The alias of the origin with this id in the distribution; the id itself when edge.config.ts has no such origin. */
export function aliasOf(origins: EdgeConfig['origins'], id: string): string {
  return Object.entries(origins).find(([, { originId }]) => originId === id)?.[0] ?? id;
}

/**
 * The id in the distribution of the origin with this alias; the alias itself when edge.config.ts has no such origin.
 */
export function originIdOf(origins: EdgeConfig['origins'], alias: string): string {
  return origins[alias]?.originId ?? alias;
}

/** ORIGIN_UNKNOWN for an alias that is none of these, with the nearest one as its hint; undefined for one of them. */
export function findUnknownOrigin(origin: string, origins: readonly string[]): EdgeError | undefined {
  if (origins.includes(origin)) return undefined;
  const near = nearestName(origin, origins);
  return new EdgeError('ORIGIN_UNKNOWN', `edge.config.ts defines no origin ${JSON.stringify(origin)}`, {
    hint: near === undefined ? `origins: ${origins.join(', ')}` : `did you mean ${near}?`,
  });
}

/** Throws what `findUnknownOrigin` finds. */
export function refuseUnknownOrigin(origin: string, origins: readonly string[]): void {
  const unknown = findUnknownOrigin(origin, origins);
  if (unknown !== undefined) throw unknown;
}

/** Every origin and source whose reports a signal of the configuration takes. */
export function listReportedPlaces({ origins }: Pick<EdgeConfig, 'origins'>): ReportedPlace[] {
  return Object.entries(origins).flatMap(([origin, { signals }]) =>
    signals.flatMap((signal) => (signal.type === 'reported' ? [{ origin, source: signal.source }] : [])),
  );
}
