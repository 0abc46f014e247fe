import { defineEdgeConfig } from 'cloudfront-edge-failover/config';

/** The service answers its health check with more than the status: docs/origin.md. */
const health = { type: 'http', json: { status: 'ok', region: '{region}' }, accessible: true } as const;

/** The file a team edits: where each viewer goes, how an origin proves its health, how traffic moves. */
export default defineEdgeConfig({
  origins: {
    singapore: { region: 'ap-southeast-1', signals: [health] },
    europe: { region: 'eu-central-1', signals: [health] },
  },
  defaultOrder: ['singapore', 'europe'],
  routes: [
    { countries: ['US', 'IN'], order: ['singapore', 'europe'] },
    { countries: ['AT', 'BE', 'CH', 'DE', 'ES', 'FR', 'GB', 'IE', 'IT', 'NL', 'PL', 'SE'], order: ['europe', 'singapore'] },
  ],
});
