import type { CloudFrontClient } from '@aws-sdk/client-cloudfront';
import { EdgeError } from '../../cli/errors.ts';
import type { ResolvedTools } from './publish-tools.ts';
import { describeOwner, readStage, type Stage } from './stage.ts';

/** Reads of LIVE before a difference is believed: the control plane may show the old stage for moments. */
const maxReads = 5;

/** LIVE, read back. CONFLICT when it is not this code. */
export async function confirmLive(client: CloudFrontClient, name: string, sha256: string, tools: ResolvedTools): Promise<Stage> {
  for (let reads = 1; ; reads++) {
    const live = await tools.retry('read LIVE back', () => readStage(client, name, 'LIVE'));
    if (live?.sha256 === sha256) return live;
    if (reads >= maxReads)
      throw new EdgeError(
        'CONFLICT',
        `LIVE is not what was published, but ${live === undefined ? 'nothing' : describeOwner(live, tools.now())}`,
        {
          hint: 'somebody else published at the same time: look at what they did, then run it again',
        },
      );
    await tools.pause(reads);
  }
}
