import type { ServiceConfig } from './region-config.ts';

/** What the service calls, and the regions from which it may be called. */
const upstream = {
  name: 'binance',
  baseUrl: 'https://api.binance.com',
  healthPath: '/api/v3/ping',
  allowedRegions: ['ap-southeast-1', 'eu-central-1'],
};

/**
 * What only this service needs, by the origins of edge.config.ts. A team edits it; `npm run region:config` prints it as
 * the environment of a region.
 */
const service: ServiceConfig = {
  singapore: { upstream, database: { poolerHost: 'pooler.singapore.internal', poolerPort: 6432 } },
  europe: { upstream, database: { poolerHost: 'pooler.europe.internal', poolerPort: 6432 } },
};

export default service;
