import { defineEdgeConfig } from 'cloudfront-edge-failover/config';

export default defineEdgeConfig({
  origins: { singapore: { region: 'ap-southeast-1' }, europe: { region: 'eu-central-1' } },
  defaultOrder: ['singapore', 'europe'],
  routes: [{ countries: ['DE', 'FR', 'GB'], order: ['europe', 'singapore'] }],
});
