import { defineEdgeConfig } from 'cloudfront-edge-failover/config';

export default defineEdgeConfig({
  origins: { singapore: { region: 'ap-southeast-1' }, europe: { region: 'eu-central-1' } },
  defaultOrder: ['singapore', 'europe'],
  // The edge sends a repeated request to the next origin.
  retryHeader: 'x-retry-attempt',
});
