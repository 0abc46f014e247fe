import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { HoldReason } from '../../../../src/core/flip-view.ts';
import type { FailureClass } from '../../../../src/core/signal.ts';
import type { FlipperEvent } from '../../../../src/flipper/flipper-event.ts';
import { openFlipperMetrics } from '../../../../src/flipper/lambda/flipper-lambda.ts';
import { flipEvent } from '../notify/flip-event.ts';

const text = readFileSync('docs/events.md', 'utf8');

type Fields<E> = E extends unknown ? Exclude<keyof E, 'event'> : never;

// The compiler holds this table to the events, and the test the document to the table.
const fields: { [E in FlipperEvent['event']]: Fields<Extract<FlipperEvent, { event: E }>>[] } = {
  start: ['mode', 'shadow', 'by', 'origins'],
  probe: ['origin', 'signal', 'opinion', 'latencyMs', 'class', 'detail'],
  verdict: ['origin', 'from', 'to', 'why'],
  record: ['record', 'edited', 'override'],
  hold: ['reason', 'origin', 'verdict'],
  flip: ['shadow', 'kind', 'sequence', 'from', 'to', 'reason', 'moves', 'attempts', 'durationMs'],
  edit: ['sequence', 'record'],
  'long-override': ['record', 'override', 'ageMs'],
  'store-damaged': ['keys', 'found', 'record', 'override'],
  restore: ['sequence', 'record'],
  'clock-skew': ['skewMs'],
  verified: ['sequence', 'durationMs'],
  unverified: ['sequence', 'detail'],
  'store-failed': ['code', 'message', 'retryInMs'],
  notified: ['channel', 'of', 'attempts', 'durationMs'],
  'notify-failed': ['channel', 'of', 'attempts', 'detail'],
  stop: [],
};
const reasons: Record<HoldReason, true> = {
  steady: true,
  override: true,
  panic: true,
  'fallback-unproven': true,
  'min-interval': true,
  'not-healthy': true,
  'not-confirmed': true,
  'not-clean': true,
  'hold-down': true,
  'ramp-step': true,
};
const classes: Record<FailureClass, true> = { dns: true, connect: true, tls: true, timeout: true, status: true, body: true };

describe('docs/events.md', () => {
  it.each(Object.entries(fields))('names the event %s with its fields', (event, names) => {
    const [row = ''] = text.split('\n').filter((line) => line.startsWith(`| \`${event}\` |`));
    const [, , cell = ''] = row.split('|');
    expect([...cell.replace(/\([^)]*\)/g, '').matchAll(/`(\w+)`/g)].map(([, name]) => name)).toEqual(names);
  });

  it('names every reason and class', () => {
    for (const name of [...Object.keys(reasons), ...Object.keys(classes)]) expect(text).toContain(`\`${name}\``);
  });

  it('names every metric with its dimensions', () => {
    const metrics = openFlipperMetrics({ origins: ['singapore'], flipper: 'edge-flipper' });
    metrics.take({ event: 'probe', origin: 'singapore', signal: 'http', opinion: 'good', latencyMs: 1 }, 0);
    metrics.take(flipEvent, 0);
    for (const line of metrics.flush(0, { verdicts: { singapore: 'healthy' }, succeeded: true })) {
      const { _aws } = JSON.parse(line) as { _aws: { CloudWatchMetrics: [{ Dimensions: string[][]; Metrics: { Name: string }[] }] } };
      const [{ Dimensions, Metrics }] = _aws.CloudWatchMetrics;
      const dimensions = Dimensions[0]?.map((name) => `\`${name}\``).join(', ');
      for (const { Name } of Metrics) expect(text).toContain(`| \`${Name}\` | ${dimensions} |`);
    }
  });
});
