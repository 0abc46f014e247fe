import type { EdgeRequestRecord } from '../../../../local/edge/exchange.ts';

/** One request as the edge reports it: a GET from India that Singapore answered. */
export const someRequest: EdgeRequestRecord = {
  at: 1_000_000,
  id: 'x',
  method: 'GET',
  path: '/api/hello',
  country: 'IN',
  ip: '198.51.100.1',
  location: 0,
  status: 200,
  xCache: 'Miss from cloudfront',
  origins: ['singapore'],
  decision: 'singapore;country=IN;health=ok',
  ms: 10,
  reason: undefined,
};
