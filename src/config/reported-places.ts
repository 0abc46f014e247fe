import type { ReportedPlace } from '../core/reports.ts';
import type { EdgeConfig } from './edge-config.ts';

/** Every origin and source whose reports a signal of the configuration takes. */
export function listReportedPlaces({ origins }: Pick<EdgeConfig, 'origins'>): ReportedPlace[] {
  return Object.entries(origins).flatMap(([origin, { signals }]) =>
    signals.flatMap((signal) => (signal.type === 'reported' ? [{ origin, source: signal.source }] : [])),
  );
}
