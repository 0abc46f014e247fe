import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import type { RunContext } from '../../../src/drill/report.ts';

const { health, failover, perRequestFailover } = parseEdgeConfig({
  origins: { singapore: { region: 'ap-southeast-1' }, europe: { region: 'eu-central-1' } },
  defaultOrder: ['singapore', 'europe'],
});

export const context: RunContext = {
  command: 'npm run drill -- --report out/',
  revision: '1a2b3c4d5e',
  versions: { 'cloudfront-edge-failover': '0.1.0', node: 'v20.20.0' },
  requestsPerSecond: 50,
  propagationMs: 2_000,
  propagation: 'fast: a write is at the edge after 2s',
  health,
  failover,
  perRequestFailover,
  configured: { health, failover },
};
