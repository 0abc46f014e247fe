import { describe, expect, it } from 'vitest';
import { likenessOf, regionOf, surveyDistribution } from '../../../../src/distribution/init/survey.ts';
import { bucketOrigin, customOrigin, distribution, files, vpcOrigin } from '../../../fixtures/adoption/shapes.ts';

const originOf = (origin: ReturnType<typeof customOrigin>) =>
  surveyDistribution(distribution('one', [origin], files(origin.Id ?? ''))).origins[0];

describe('an origin', () => {
  it.each([
    ['app-123.ap-southeast-1.elb.amazonaws.com', 'load balancer', 'ap-southeast-1'],
    ['dualstack.app-123.eu-central-1.elb.amazonaws.com', 'load balancer', 'eu-central-1'],
    ['app-0a1b2c.elb.us-west-2.amazonaws.com', 'load balancer', 'us-west-2'],
    ['app-1.cn-north-1.elb.amazonaws.com.cn', 'load balancer', 'cn-north-1'],
    ['a1b2c3d4e5.execute-api.us-gov-west-1.amazonaws.com', 'API Gateway', 'us-gov-west-1'],
    ['abcdefghijklmnop.lambda-url.us-east-1.on.aws', 'Lambda function URL', 'us-east-1'],
    ['ec2-1-2-3-4.ap-south-1.compute.amazonaws.com', 'AWS service', 'ap-south-1'],
    ['ec2-1-2-3-4.compute-1.amazonaws.com', 'AWS service', 'us-east-1'],
    ['x.us-east-1.awsapprunner.com', 'AWS service', 'us-east-1'],
    ['app.eba-x.us-west-2.elasticbeanstalk.com', 'AWS service', 'us-west-2'],
    ['site.s3-website-us-east-1.amazonaws.com', 'S3 website', 'us-east-1'],
    ['site.s3-website.eu-central-1.amazonaws.com', 'S3 website', 'eu-central-1'],
    ['api-eu-central-1.example.com', 'custom host', 'eu-central-1'],
    ['api.example.com', 'custom host', undefined],
    ['status-east-1.example.com', 'custom host', undefined],
  ])('%s is a %s of region %s', (domainName, kind, region) => {
    expect(originOf(customOrigin('one', domainName))).toMatchObject({ kind, region });
  });

  it('is a bucket or a VPC origin by its settings, and in the region that its x-region header names', () => {
    expect(originOf(bucketOrigin('site'))).toMatchObject({ kind: 'S3 bucket', isRoutable: false, region: 'us-east-1' });
    expect(originOf(vpcOrigin('one', 'internal-a.eu-west-1.elb.amazonaws.com', 'vo_1'))).toMatchObject({
      kind: 'VPC origin',
      isRoutable: true,
    });
    const CustomHeaders = { Quantity: 1, Items: [{ HeaderName: 'X-Region', HeaderValue: 'eu-west-3' }] };
    expect(originOf(customOrigin('one', 'api.example.com', { CustomHeaders }))).toMatchObject({ region: 'eu-west-3' });
  });
});

describe('domain names', () => {
  const kind = 'custom host';
  it.each([
    ['api-sg.example.com', 'api-eu.example.com'],
    ['api.example.com', 'api-eu.example.com'],
    ['singapore.api.example.com', 'frankfurt.api.example.com'],
    ['api.ap-southeast-1.example.com', 'api.eu-central-1.example.com'],
    ['web-1QW2ER3TY4-1234567890.ap-southeast-1.elb.amazonaws.com', 'web-9ZX8CV7BN6-987654321.eu-central-1.elb.amazonaws.com'],
    ['origin-primary.example.com', 'origin-dr.example.com'],
  ])('%s and %s are alike', (one, other) => {
    expect(likenessOf({ domainName: one, kind })).toBe(likenessOf({ domainName: other, kind }));
  });

  it.each([
    ['orders-sg.example.com', 'accounts-sg.example.com'],
    ['api.example.com', 'api.example.org'],
    ['images.example.com', 'api.example.com'],
    ['shard1.example.com', 'shard2.example.com'],
    ['v1.example.com', 'v2.example.com'],
  ])('%s and %s are not', (one, other) => {
    expect(likenessOf({ domainName: one, kind })).not.toBe(likenessOf({ domainName: other, kind }));
  });

  it('draw no region out of a word', () => expect(regionOf('us-east-12.example.com')).toBeUndefined());
});
