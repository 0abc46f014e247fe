import type { CloudFrontClient } from '@aws-sdk/client-cloudfront';
import { EdgeError } from '../errors.ts';
import type { ResolvedTools } from './publish-tools.ts';
import { describeOwner, readStage, type Stage } from './stage.ts';

/** Reads of LIVE before a difference is believed: the control plane may show the old stage for moments. */
const maxReads = 5;

/** What a release has to be recognised by. The author is not enough: in CI every release has the same. */
export interface ReleaseMark {
  version: number;
  sha256: string;
  link: string;
}

/** Whether a stage is this one release's: the same code, and a comment that names its record. */
export function isRelease(stage: Stage | undefined, { version, sha256, link }: ReleaseMark): boolean {
  return stage?.sha256 === sha256 && stage.published?.version === version && stage.published.link === link;
}

/** LIVE, read back after PublishFunction succeeded. CONFLICT when it is another release by now. */
export async function confirmLive(client: CloudFrontClient, name: string, mark: ReleaseMark, tools: ResolvedTools): Promise<Stage> {
  for (let reads = 1; ; reads++) {
    const live = await tools.retry('read LIVE back', () => readStage(client, name, 'LIVE'));
    if (live !== undefined && isRelease(live, mark)) return live;
    if (reads >= maxReads)
      throw new EdgeError('CONFLICT', `v${mark.version} was published, but LIVE is now ${describeStage(live, tools.now())}`, {
        hint: 'another release came right after this one: npm run function:history shows both',
      });
    await tools.pause(reads);
  }
}

/** What a stage is in words, nothing included. */
export function describeStage(stage: Stage | undefined, now: number): string {
  return stage === undefined ? 'empty: nothing was published yet' : describeOwner(stage, now);
}
