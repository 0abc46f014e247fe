// The local edge in its own process, for bench/edge-figures.ts. Arguments: the ports of the bare and the reference
// origin. Viewers from Singapore's countries meet the bare one, those from Europe's the other.

import { openEdge } from '../local/edge/edge.ts';
import type { Published } from '../local/published.ts';
import { openFunctionRuntime } from '../local/runtime/function-runtime.ts';
import { readDistribution } from '../src/config/distribution-file.ts';
import { openProject } from '../src/config/open-project.ts';
import { buildFunction } from '../src/edge/build.ts';

const ports = { singapore: Number(process.argv[2]), europe: Number(process.argv[3]) };
const storeArn = 'arn:aws:cloudfront::123456789012:key-value-store/bench';
const built = await buildFunction((await openProject({ env: process.env })).config);
const distribution = await readDistribution('distribution.json', {
  VIEWER_DOMAIN: 'www.example.test',
  ACM_CERTIFICATE_ARN: 'arn:aws:acm:us-east-1:123456789012:certificate/bench',
  SINGAPORE_DOMAIN: 'singapore.example.test',
  EUROPE_DOMAIN: 'europe.example.test',
  ORIGIN_VERIFY_SECRET: 'bench',
  AWS_ACCOUNT_ID: '123456789012',
});
const values = new Map([['health', 'ok']]);
const published: Published = {
  distribution: () => distribution,
  liveFunction: (arn) => ({
    arn,
    name: 'origin-router',
    runtime: 'cloudfront-js-2.0',
    code: built.code,
    sha256: built.sha256,
    keyValueStoreArn: storeArn,
  }),
  store: () => values,
  subscribe: () => () => {},
};

const startedAt = performance.now();
const runtime = await openFunctionRuntime();
const edge = await openEdge({
  distributionId: 'E2BENCH',
  published,
  runtime,
  resolveOrigin: (name) => ({ host: '127.0.0.1', port: name.startsWith('europe') ? ports.europe : ports.singapore, protocol: 'http' }),
});
process.send?.({ port: edge.port, readyMs: performance.now() - startedAt });

let peakRss = 0;
setInterval(() => {
  peakRss = Math.max(peakRss, process.memoryUsage.rss());
}, 50).unref();

process.on('message', (question) => {
  if (question === 'close') {
    void Promise.all([edge.close(), runtime.close()]).then(() => process.exit(0));
    return;
  }
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  process.send?.({ rss, heapUsed, external, peakRss, sockets: edge.openOriginSockets(), cpuMs: (user + system) / 1_000 });
  peakRss = 0;
});
