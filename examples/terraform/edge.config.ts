import { defineEdgeConfig } from 'cloudfront-edge-failover/config';

// Terraform owns the distribution: main.tf. After the first apply add `distributions`, with the id that Terraform
// prints and `behaviors: ['default']`.
export default defineEdgeConfig({
  origins: {
    singapore: { region: 'ap-southeast-1', domainName: 'singapore.example.com' },
    europe: { region: 'eu-central-1', domainName: 'europe.example.com' },
  },
  defaultOrder: ['singapore', 'europe'],
});
