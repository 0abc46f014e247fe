import type { CloudFrontClient, FunctionStage } from '@aws-sdk/client-cloudfront';
import { describeFunction, type FunctionVersion, readFunctionCode } from '../aws/function.ts';
import { formatTime } from '../text/format-time.ts';
import { hashCode } from './pack-code.ts';
import { type PublishComment, parsePublishComment } from './publish-comment.ts';

/** One stage of the function with its bytes. */
export interface Stage extends FunctionVersion {
  code: Uint8Array;
  /** SHA-256, hex. */
  sha256: string;
  /** What we wrote about this code; undefined when the comment is not ours or tells of other code. */
  published: PublishComment | undefined;
}

/** Reads of a stage whose comment and code do not belong together before it is taken as it is: another release may come between the two calls. */
const maxReads = 3;

/** The stage, in two reads; undefined when there is none. */
export async function readStage(client: CloudFrontClient, name: string, stage: FunctionStage): Promise<Stage | undefined> {
  for (let reads = 1; ; reads++) {
    const [version, code] = await Promise.all([describeFunction(client, name, stage), readFunctionCode(client, name, stage)]);
    const isTorn = (version === undefined) !== (code === undefined);
    if (version !== undefined && code !== undefined) {
      const sha256 = hashCode(code);
      const comment = parsePublishComment(version.comment);
      const isOurs = comment !== undefined && sha256.startsWith(comment.sha256);
      if (comment === undefined || isOurs || reads >= maxReads)
        return { ...version, code, sha256, published: isOurs ? comment : undefined };
    } else if (!isTorn || reads >= maxReads) return undefined;
  }
}

/** Whose code it is: `ann@laptop's v7 of 14:05:09 (06:05:09 UTC), git 1a2b3c4`, or what its comment says. */
export function describeOwner({ published, comment, sha256 }: Stage, now: number): string {
  if (published === undefined) return `code ${sha256.slice(0, 12)}, whose comment is ${JSON.stringify(comment)}`;
  const { by, version, at, revision } = published;
  return `v${version} of ${by}, ${formatTime(at, now)}${revision === undefined ? '' : `, git ${revision}`}`;
}
