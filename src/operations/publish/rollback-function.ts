import { EdgeError } from '../../cli/errors.ts';
import type { FlagStore } from '../../health/key-change.ts';
import { readHistory, readVersionCode } from './publish-history.ts';
import type { PublishRecord } from './publish-record.ts';
import { type PublishOptions, type PublishTools, resolveTools } from './publish-tools.ts';
import { findLiveRecord } from './record-versions.ts';
import { type Release, releaseCode } from './release-code.ts';
import { readStage } from './stage.ts';

/** Rolling back needs the store in which versions are recorded. */
export type RollbackTools = PublishTools & { openStore: (arn: string) => Promise<FlagStore> };

/** Makes the code of an earlier version LIVE again, as a new version; without `to` the one that was LIVE before. */
export async function rollbackFunction(tools: RollbackTools, options: PublishOptions & { to?: number | undefined } = {}): Promise<Release> {
  const { cloudFront, config, keyValueStoreArn } = tools;
  const { retry } = resolveTools(tools);
  const name = config.functionName;
  const live = await retry('read LIVE', () => readStage(cloudFront, name, 'LIVE'));
  if (live === undefined)
    throw new EdgeError('NOT_FOUND', `${name} was never published: there is nothing to go back to`, { hint: 'npm run function:publish' });
  // LIVE names the store that it reads: no further call finds it.
  const arn = live.keyValueStoreArn ?? (typeof keyValueStoreArn === 'string' ? keyValueStoreArn : await keyValueStoreArn());
  const store = await tools.openStore(arn);
  const known = await readHistory(store);
  const target = chooseTarget(known, findLiveRecord(live, known), options.to);
  const code = await readVersionCode(store, target);
  const candidate = { code, sha256: target.sha256, revision: target.revision, of: target.of ?? target.version };
  return releaseCode(candidate, { ...tools, keyValueStoreArn: arn }, options);
}

/** The version to bring back. A rollback of a rollback goes one further: it starts from the version whose code is LIVE. */
export function chooseTarget(known: readonly PublishRecord[], live: PublishRecord | undefined, to: number | undefined): PublishRecord {
  const versions = known.map(({ version }) => version);
  const here = versions.length === 0 ? 'no version is recorded' : `recorded versions: ${versions.join(', ')}`;
  const find = (version: number | undefined) => known.find((record) => record.version === version);
  if (to !== undefined) {
    const target = find(to);
    if (target === undefined) throw new EdgeError('NOT_FOUND', `version ${to} is not recorded`, { hint: here });
    return target;
  }
  if (live === undefined)
    throw new EdgeError('NOT_FOUND', 'what is LIVE is not recorded, so the version before it is not known', {
      hint: `--to <version>; ${here}`,
    });
  let origin = live;
  // The code of a rollback is that of an older version: its own past is where to go on.
  for (let of = find(live.of); of !== undefined && of.version < origin.version; of = find(of.of)) origin = of;
  for (let target = find(origin.before); target !== undefined; target = find(target.before))
    if (target.sha256 !== live.sha256) return target;
  throw new EdgeError('NOT_FOUND', `no version before v${origin.version} is recorded`, { hint: here });
}
