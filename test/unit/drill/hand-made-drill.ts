import type { Drill, ServedRequest, ViewerOutcome } from '../../../src/drill/drill-record.ts';

export const singapore = 'ap-southeast-1';
export const europe = 'eu-central-1';

export const outcome = (startedAt: number, more: Partial<ViewerOutcome> = {}): ViewerOutcome => ({
  startedAt,
  ms: 5,
  method: 'GET',
  country: 'IN',
  status: 200,
  region: startedAt < 2_000 || startedAt >= 9_000 ? singapore : europe,
  ok: true,
  ...more,
});

export const request = (at: number, origins: string[], ms = 5): ServedRequest => ({ at, ms, origins });

/** Broken at 1 s, flipped by 2 s, restored at 6 s, home by 9 s; every promise held. */
export const good: Drill = {
  config: {
    origins: {
      singapore: { originId: 'singapore', region: singapore, signals: [] },
      europe: { originId: 'europe', region: europe, signals: [] },
    },
    defaultOrder: ['singapore', 'europe'],
    routes: [{ countries: ['DE'], order: ['europe', 'singapore'] }],
  },
  broken: 'singapore',
  fault: 'refuse',
  timeline: {
    startedAt: 0,
    brokenAt: 1_000,
    unhealthyAt: 1_500,
    writtenAt: 1_600,
    propagatedAt: 2_000,
    restoredAt: 6_000,
    failbackAt: 9_000,
    endedAt: 10_000,
    records: [
      { at: 0, record: 'ok' },
      { at: 2_000, record: 'singapore=0' },
      { at: 7_000, record: 'singapore=25' },
      { at: 9_000, record: 'ok' },
    ],
  },
  outcomes: [outcome(500), outcome(1_200), outcome(1_300, { method: 'POST', status: 502, ok: false }), outcome(4_500), outcome(9_500)],
  requests: [
    request(500, ['singapore']),
    request(1_200, ['singapore', 'europe']),
    request(4_500, ['europe']),
    request(7_500, ['singapore']),
  ],
  probes: [
    { at: 400, origin: 'singapore', signal: 'http', opinion: 'good' },
    { at: 450, origin: 'europe', signal: 'http', opinion: 'good' },
    { at: 1_200, origin: 'singapore', signal: 'http', opinion: 'bad', class: 'connect' },
    { at: 1_500, origin: 'singapore', signal: 'http', opinion: 'bad', class: 'connect' },
    { at: 6_500, origin: 'singapore', signal: 'http', opinion: 'good' },
  ],
  verdicts: [
    { at: 400, origin: 'singapore', verdict: 'healthy' },
    { at: 450, origin: 'europe', verdict: 'healthy' },
    { at: 1_500, origin: 'singapore', verdict: 'unhealthy', why: 'http connect: ECONNREFUSED' },
    { at: 6_500, origin: 'singapore', verdict: 'healthy' },
  ],
  flips: [
    { writtenAt: 1_600, servedAt: 2_000, from: 'ok', to: 'singapore=0', reason: 'singapore 100 to 0: unhealthy' },
    { writtenAt: 6_600, servedAt: 7_000, from: 'singapore=0', to: 'singapore=25', reason: 'singapore 0 to 25: healthy' },
    { writtenAt: 8_600, servedAt: 9_000, from: 'singapore=25', to: 'ok', reason: 'singapore 25 to 100: healthy' },
  ],
  waits: {
    singapore: { connectionAttempts: 1, connectTimeoutSeconds: 2, readTimeoutSeconds: 10 },
    europe: { connectionAttempts: 1, connectTimeoutSeconds: 2, readTimeoutSeconds: 10 },
  },
  lagMs: 3,
};
