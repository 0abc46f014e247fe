import { defineEdgeConfig } from 'cloudfront-edge-failover/config';

export default defineEdgeConfig({
  publishedBy: 'cdk',
  // The ids that the CDK gives to the origins of a distribution are in its template; here both have one of their own.
  origins: {
    home: { originId: 'home', region: 'ap-southeast-1', domainName: 'home.example.com' },
    second: { originId: 'second', region: 'eu-central-1', domainName: 'second.example.com' },
  },
  defaultOrder: ['home', 'second'],
});
