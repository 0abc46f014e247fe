import { runFlipper } from 'cloudfront-edge-failover/flipper';
import config from './edge.config.ts';

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
await runFlipper({
  config,
  signal: stop.signal,
  log: (event, at) => console.log(JSON.stringify({ at: new Date(at).toISOString(), ...event })),
});
