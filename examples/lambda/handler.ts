import { createLambdaHandler } from 'cloudfront-edge-failover/flipper';
import config from './edge.config.ts';

export const handler = createLambdaHandler({ config });
