import { defineEdgeConfig } from './src/config/edge-config.ts';

/** What the origins' service calls, and from where it may be called. */
const upstream = { baseUrl: 'https://api.binance.com', allowedRegions: ['ap-southeast-1', 'eu-central-1'] };

/** The file a team edits: where each viewer goes, how an origin proves its health, how traffic moves. */
export default defineEdgeConfig({
  origins: {
    singapore: { region: 'ap-southeast-1', upstream, database: { poolerHost: 'pooler.singapore.internal', poolerPort: 6432 } },
    europe: { region: 'eu-central-1', upstream, database: { poolerHost: 'pooler.europe.internal', poolerPort: 6432 } },
  },
  defaultOrder: ['singapore', 'europe'],
  routes: [
    { countries: ['US', 'IN'], order: ['singapore', 'europe'] },
    { countries: ['AT', 'BE', 'CH', 'DE', 'ES', 'FR', 'GB', 'IE', 'IT', 'NL', 'PL', 'SE'], order: ['europe', 'singapore'] },
  ],
});
