import { readFile } from 'node:fs/promises';
import { arch, platform, version } from 'node:process';
import type { OriginFault } from '../../local/origin/origin-fault.ts';
import type { Io } from '../../src/cli/io.ts';
import { readKnownFile } from '../../src/config/distribution-file.ts';
import type { EdgeConfig } from '../../src/config/edge-config.ts';
import type { RunContext } from '../../src/drill/report.ts';
import { readRevision } from '../../src/edge/prove-function.ts';
import { outageKinds } from '../../src/predict/outage-kind.ts';
import { type Prediction, predict } from '../../src/predict/predict.ts';
import { assumedPropagation } from '../../src/predict/propagation.ts';
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

/**
 * What the drill's outage costs on AWS with the times of edge.config.ts. A kind that only the drill has is not
 * predicted.
 */
export async function predictOnAws(
  { config, broken, fault, rate }: { config: EdgeConfig; broken: string; fault: OriginFault; rate: number },
  { env, signal }: Pick<Io, 'env' | 'signal'>,
): Promise<Prediction> {
  const kinds = outageKinds.filter((kind) => kind === fault.kind);
  return predict({
    config,
    distribution: await readKnownFile(env),
    broken,
    kinds,
    flipper: 'watch',
    propagation: assumedPropagation,
    outageMs: 1_800_000,
    slowMs: fault.ms ?? drillSlowMs,
    rate,
    postShare: 0.4,
    runs: 200,
    seed: 1,
    signal,
  });
}

/** Of the drill's fault `slow` without a number. */
const drillSlowMs = 3_000;
