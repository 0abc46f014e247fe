import type { FlagStore } from '../core/flag-store.ts';
import { gate } from '../edge/gate/gate.ts';
import { formatGateProblem } from '../edge/gate/problem.ts';
import { EdgeError } from '../errors.ts';
import { typed } from '../text/typed.ts';
import { readLiveStage } from './live.ts';
import { releaseCode } from './publish.ts';
import { openSteps, type PublishOptions, type PublishTools, type Release, resolveTools } from './publish-tools.ts';
import { describeStage, type Stage } from './stage.ts';
import { findLiveRecord, listAttested, type PublishRecord, readHistory, readVersionCode, type StoredRecord } from './versions.ts';

/** Rolling back needs the store in which versions are recorded. */
export type RollbackTools = PublishTools & { openStore: (arn: string) => Promise<FlagStore> };

export interface RollbackOptions extends PublishOptions {
  /** The version; without it the one that was LIVE before. */
  to?: number | undefined;
  /** The code's SHA-256, 64 hex digits, from a build or a publication: allows code that LIVE does not attest. */
  sha256?: string | undefined;
}

/**
 * Makes the code of an earlier version LIVE again, as a new version. The store is only a cache: NOT_ATTESTED unless
 * LIVE's comment, which only a publisher can write, leads to the version's record, or the operator gives the code's
 * SHA-256.
 */
export async function rollbackRouter(tools: RollbackTools, options: RollbackOptions = {}): Promise<Release> {
  const { config, keyValueStoreArn, njs, signal } = tools;
  const resolved = resolveTools(tools);
  const steps = openSteps(resolved);
  const name = config.functionName;
  const live = await readLiveStage(resolved);
  if (live === undefined)
    throw new EdgeError('NOT_FOUND', `${name} was never published: there is nothing to roll back to`, { hint: typed('function:publish') });
  // LIVE names the store that it reads: no further call finds it.
  const arn = live.keyValueStoreArn ?? (typeof keyValueStoreArn === 'string' ? keyValueStoreArn : await keyValueStoreArn());
  const store = await tools.openStore(arn);
  const known = await readHistory(store);
  const attested = listAttested(live, known);
  const target = findTarget(live, known, attested, options);
  const code = await steps.run(
    'version',
    () => readVersionCode(store, target),
    () => describeTarget(target, live, attested, resolved.now()),
  );
  if (config.accessLog !== undefined && readsNoLabel(code) && options.force !== true)
    throw new EdgeError(
      'GATE_REFUSED',
      `version ${target.version} cannot read a record with the number of its flip: no failover would have an effect`,
      {
        hint: 'remove accessLog from edge.config.ts and restart the flipper, then roll back; --force publishes it anyway. Nothing was written',
      },
    );
  const { problems } = await gate(Buffer.from(code).toString('utf8'), { njs, signal });
  if (problems.length > 0 && options.force !== true)
    throw new EdgeError('GATE_REFUSED', problems.map(formatGateProblem).join('\n'), {
      hint: '--force publishes it anyway; nothing was written',
    });
  const candidate = { code, sha256: target.sha256, revision: target.revision, of: target.of ?? target.version };
  return releaseCode(candidate, { ...tools, keyValueStoreArn: arn }, options, steps);
}

/**
 * Whether it is a router of 0.1: for its pattern of an entry a record with a label is damaged, and then every origin
 * serves its viewers.
 */
function readsNoLabel(code: Uint8Array): boolean {
  return Buffer.from(code).includes('([a-z][a-z\\d-]*)=');
}

/** The version to bring back, attested or identified by its SHA-256. */
function findTarget(
  live: Stage,
  known: readonly StoredRecord[],
  attested: readonly StoredRecord[],
  options: RollbackOptions,
): StoredRecord {
  const { to, sha256 } = options;
  if (sha256 !== undefined) {
    const named = known.find((record) => record.sha256 === sha256 && (to === undefined || record.version === to));
    if (named !== undefined) return named;
    throw new EdgeError('NOT_FOUND', `no recorded version${to === undefined ? '' : ` ${to}`} has the SHA-256 ${sha256}`, {
      hint: `${typed('function:history --')} --json lists the recorded versions`,
    });
  }
  // The attested ones first: an added record must not hide one of the same number.
  const ordered = [...attested, ...known.filter((record) => !attested.includes(record))];
  const target = chooseTarget(ordered, attested[0] ?? findLiveRecord(live, known), to);
  if (attested.includes(target) || target.sha256 === live.sha256) return target;
  throw new EdgeError(
    'NOT_ATTESTED',
    `version ${target.version} is in the key-value store, but LIVE does not attest it: any writer of the store may have put it there`,
    {
      hint: `compare with what its build or publication printed, then --to ${target.version} --sha256 <64 hex digits from there>`,
    },
  );
}

function describeTarget(target: StoredRecord, live: Stage, attested: readonly StoredRecord[], now: number): string {
  const trust = attested.includes(target) ? 'attested by LIVE' : 'identified by its SHA-256';
  return `v${target.version} of ${target.by}, ${target.bytes} bytes, ${target.sha256.slice(0, 12)}, ${trust}; LIVE is ${describeStage(live, now)}`;
}

/**
 * The version to bring back. A second rollback goes one version further: it starts from the version whose code is LIVE.
 */
export function chooseTarget<R extends PublishRecord>(known: readonly R[], live: R | undefined, to: number | undefined): R {
  const versions = known.map(({ version }) => version);
  const here = versions.length === 0 ? 'no version is recorded' : `recorded versions: ${versions.join(', ')}`;
  const find = (version: number | undefined) => known.find((record) => record.version === version);
  if (to !== undefined) {
    const target = find(to);
    if (target === undefined) throw new EdgeError('NOT_FOUND', `version ${to} is not recorded`, { hint: here });
    return target;
  }
  if (live === undefined)
    throw new EdgeError('NOT_FOUND', 'LIVE is not recorded, so the version before it is unknown', {
      hint: `--to <version>; ${here}`,
    });
  let origin = live;
  // A rollback runs an older version's code: continue from that version's past.
  for (let of = find(live.of); of !== undefined && of.version < origin.version; of = find(of.of)) origin = of;
  for (let target = find(origin.before); target !== undefined; target = find(target.before))
    if (target.sha256 !== live.sha256) return target;
  throw new EdgeError('NOT_FOUND', `no version before v${origin.version} is recorded`, { hint: here });
}
