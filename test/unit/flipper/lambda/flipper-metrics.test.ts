import { describe, expect, it } from 'vitest';
import type { FlipperEvent } from '../../../../src/flipper/flipper-event.ts';
import { openFlipperMetrics } from '../../../../src/flipper/lambda/flipper-lambda.ts';
import { flipEvent } from '../notify/flip-event.ts';

const at = Date.parse('2026-03-01T03:00:00Z');
const healthy = { verdicts: { singapore: 'healthy', europe: 'unknown' }, succeeded: true } as const;

function open() {
  const metrics = openFlipperMetrics({ origins: ['singapore', 'europe'], flipper: 'edge-flipper' });
  const flush = (run: Parameters<typeof metrics.flush>[1] = healthy, now = at) =>
    metrics.flush(now, run).map((line) => JSON.parse(line) as Record<string, unknown>);
  return { take: (event: FlipperEvent) => metrics.take(event, at), flush };
}
const look = (latencyMs: number, signal = 'http'): FlipperEvent => ({
  event: 'probe',
  origin: 'singapore',
  signal,
  opinion: 'good',
  latencyMs,
});

describe('a flipper’s metrics', () => {
  it('are lines of the embedded metric format', () => {
    const { take, flush } = open();
    take({ event: 'record', record: 'singapore=25', edited: false });
    take(look(12));
    take(look(15));
    take(look(400, 'route53'));
    expect(flush()[0]).toEqual({
      _aws: {
        Timestamp: at,
        CloudWatchMetrics: [
          {
            Namespace: 'EdgeFailover',
            Dimensions: [['Flipper', 'Origin']],
            Metrics: [
              { Name: 'Healthy', Unit: 'None' },
              { Name: 'Weight', Unit: 'Percent' },
              { Name: 'ProbeLatency', Unit: 'Milliseconds' },
            ],
          },
        ],
      },
      Flipper: 'edge-flipper',
      Origin: 'singapore',
      Healthy: 1,
      Weight: 25,
      ProbeLatency: [12, 15],
    });
  });

  it('name only values that are there', () => {
    const lines = open().flush();
    expect(lines.map(({ Origin, Healthy, Weight }) => [Origin, Healthy, Weight])).toEqual([
      ['singapore', 1, undefined],
      [undefined, undefined, undefined],
    ]);
    for (const line of lines) {
      const { CloudWatchMetrics } = line['_aws'] as { CloudWatchMetrics: [{ Metrics: { Name: string }[]; Dimensions: [string[]] }] };
      const [{ Metrics, Dimensions }] = CloudWatchMetrics;
      for (const name of [...Metrics.map(({ Name }) => Name), ...Dimensions[0]]) expect(line).toHaveProperty(name);
    }
  });

  it('count what happened since the last flush', () => {
    const { take, flush } = open();
    take(flipEvent);
    take({ ...flipEvent, shadow: true });
    take({ event: 'store-failed', code: 'AWS', message: '', retryInMs: 1 });
    take({ event: 'notify-failed', channel: 'sns', of: 'flip', attempts: 6, detail: '' });
    expect(flush({ ...healthy, succeeded: false }).at(-1)).toMatchObject({
      SuccessfulRuns: 0,
      Flips: 1,
      StoreFailures: 1,
      NotificationFailures: 1,
    });
    expect(flush().at(-1)).toMatchObject({ SuccessfulRuns: 1, Flips: 0, StoreFailures: 0, NotificationFailures: 0 });
  });

  it('keep an override’s weight until it ends', () => {
    const { take, flush } = open();
    take({ event: 'record', record: `singapore=0@${at / 1_000 + 60};singapore=50`, edited: false });
    const weight = (now: number) => flush(healthy, now)[0]?.['Weight'];
    expect([weight(at), weight(at + 60_000)]).toEqual([0, 50]);
  });

  it('hold no more than 100 values of one metric in a line', () => {
    const { take, flush } = open();
    for (let index = 0; index < 250; index++) take(look(index));
    const values = flush()[0]?.['ProbeLatency'];
    expect(values).toHaveLength(100);
    expect(values).toContain(249);
  });
});
