import { Distribution, OriginRequestPolicy } from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { App, CfnOutput, Stack } from 'aws-cdk-lib/core';
import { EdgeFailover } from 'cloudfront-edge-failover/cdk';
import config from './edge.config.ts';

const app = new App({ outdir: 'cdk.out' });
// A region without an origin, and not us-east-1: an outage must not stop the flipper with what it watches.
const stack = new Stack(app, 'Site', { env: { region: 'us-west-2' } });

const distribution = new Distribution(stack, 'Site', {
  defaultBehavior: {
    origin: new HttpOrigin('home.example.com', { originId: 'home' }),
    originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_AND_CLOUDFRONT_2022,
  },
  additionalBehaviors: { '/second-origin': { origin: new HttpOrigin('second.example.com', { originId: 'second' }) } },
});

const edge = new EdgeFailover(stack, 'Edge', {
  config,
  distribution,
  behaviors: ['default'],
  flipper: { variables: { VIEWER_DOMAIN: 'www.example.com' } },
});

new CfnOutput(stack, 'KeyValueStoreArn', { value: edge.keyValueStore.keyValueStoreArn });
app.synth();
