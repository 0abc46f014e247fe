import { defineEdgeConfig } from 'cloudfront-edge-failover/config';

// With `domainName` the flipper needs neither distribution.json nor a call of CloudFront's API to know where the
// origins are.
export default defineEdgeConfig({
  origins: {
    singapore: { region: 'ap-southeast-1', domainName: 'singapore.example.com' },
    europe: { region: 'eu-central-1', domainName: 'europe.example.com' },
  },
  defaultOrder: ['singapore', 'europe'],
});
