// The same on a local cloud: no account, and an outage on command.
import { runFlipper } from 'cloudfront-edge-failover/flipper';
import { openLocalCloud } from 'cloudfront-edge-failover/local';
import { openDeployFreeze } from './deploy-freeze.ts';
import config from './edge.config.ts';

const quick = { ...config, health: { intervalMs: 500, fastIntervalMs: 200 } };
await using cloud = await openLocalCloud({ config: quick, propagationMs: 200 });
const freeze = openDeployFreeze();
const stop = new AbortController();
const flipper = runFlipper({
  config: quick,
  local: cloud.description,
  signals: { singapore: [freeze.signal] },
  signal: stop.signal,
  log: (event) => {
    if (event.event === 'verdict' || event.event === 'flip') console.log(JSON.stringify(event));
    if (event.event === 'verdict' && event.to === 'healthy' && event.origin === 'singapore') freeze.begin();
    if (event.event === 'flip') stop.abort();
  },
});
const { verdicts } = await flipper;
console.log(verdicts);
