import { explainViewer } from 'cloudfront-edge-failover/explain';
import config from './edge.config.ts';

const { decision, rule } = await explainViewer(config, { country: 'US', method: 'POST' }, { record: 'singapore=0' });
console.log(decision.origins, rule);
