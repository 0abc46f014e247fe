import { stat } from 'node:fs/promises';
import { relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EdgeConfig } from '../../src/config/edge-config.ts';
import { buildFunction } from '../../src/edge/build.ts';
import { hasTeamCode, listTeamCode } from '../../src/edge/team-code.ts';
import { messageOf } from '../../src/text/message-of.ts';

export interface FollowOptions {
  config: EdgeConfig;
  /** Builds, proves and publishes what the files have now. */
  publish: () => Promise<{ sha256: string }>;
  note: (line: string) => void;
  signal: AbortSignal;
  /** Default 300 ms. */
  everyMs?: number;
}

/**
 * Publishes again whenever a file of the team's own code changes. A file that cannot be built leaves what is LIVE. Ends
 * with the signal.
 */
export async function followCode({ config, publish, note, signal, everyMs = 300 }: FollowOptions): Promise<void> {
  if (!hasTeamCode(config)) return;
  let files = await listFiles(config);
  let seen = await readStamps(files);
  while (!signal.aborted) {
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
    const stamps = await readStamps(files);
    const changed = [...stamps].find(([file, stamp]) => seen.get(file) !== stamp);
    if (changed === undefined || signal.aborted) continue;
    const name = relative('', changed[0]);
    try {
      const { sha256 } = await publish();
      note(`${name} changed: the edge runs ${sha256.slice(0, 12)}`);
      files = await listFiles(config);
    } catch (error) {
      note(`${name} changed, and the edge keeps the last function: ${messageOf(error)}`);
    }
    // A file that changed while this one was published counts as changed again.
    seen = new Map([...(await readStamps(files))].map(([file, stamp]) => [file, stamps.get(file) ?? stamp]));
  }
}

/** The files in the bundle; those that the configuration names while it cannot be built. */
async function listFiles(config: EdgeConfig): Promise<string[]> {
  const built = await buildFunction(config).catch(() => undefined);
  return built?.teamFiles ?? listTeamCode(config);
}

async function readStamps(files: readonly string[]): Promise<Map<string, number>> {
  const stamps = await Promise.all(files.map(async (file) => [file, (await stat(file).catch(() => undefined))?.mtimeMs ?? 0] as const));
  return new Map(stamps);
}
