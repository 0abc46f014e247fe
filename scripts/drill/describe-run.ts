import { readFile } from 'node:fs/promises';
import { arch, platform, version } from 'node:process';
import type { EdgeConfig } from '../../src/config/edge-config.ts';
import type { RunContext } from '../../src/drill/report.ts';
import { readRevision } from '../../src/edge/prove-function.ts';
import { describePropagation, type PropagationProfile } from '../start/propagation-option.ts';

/**
 * The report's facts about the run. `configured` is edge.config.ts; `config` is the same with the drill's own times.
 */
export async function describeRun(
  command: string,
  {
    config,
    configured,
    requestsPerSecond,
    propagation,
  }: {
    config: EdgeConfig;
    configured: EdgeConfig;
    requestsPerSecond: number;
    propagation: PropagationProfile;
  },
): Promise<RunContext> {
  const { name, version: own } = JSON.parse(await readFile('package.json', 'utf8')) as { name: string; version: string };
  const { health, failover, perRequestFailover } = config;
  return {
    command,
    revision: (await readRevision()) ?? null,
    versions: { [name]: own, node: version, platform: `${platform}-${arch}` },
    requestsPerSecond,
    propagationMs: propagation.typicalMs,
    propagation: describePropagation(propagation),
    health,
    failover,
    perRequestFailover,
    configured: { health: configured.health, failover: configured.failover },
  };
}
