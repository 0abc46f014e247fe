import { parsePublishComment } from '../../publish/stage.ts';
import { defineCheck, type Finding, fail, problemsOr, warn } from '../check.ts';
import type { LiveFunction } from '../doctor-readers.ts';

interface Facts {
  name: string;
  built: { sha256: string; bytes: number };
  live: (Pick<LiveFunction, 'sha256' | 'runtime'> & Partial<Pick<LiveFunction, 'comment'>>) | undefined;
}

/** LIVE is the build of the working tree. */
export const liveCodeCheck = defineCheck<Facts>({
  id: 'live-code',
  why: 'What is tested here and what viewers meet are then two functions.',
  gather: async ({ config, build, liveFunction }) => {
    const [built, live] = await Promise.all([build(), liveFunction()]);
    return { name: config.functionName, built, live };
  },
  judge: judgeLiveCode,
});

export function judgeLiveCode({ name, built, live }: Facts): readonly Finding[] {
  if (live === undefined) return [fail(`${name} was never published`, 'npm run function:publish')];
  const problems: Finding[] = [];
  if (live.sha256 !== built.sha256)
    problems.push(
      fail(
        `LIVE is ${short(live.sha256)}, the working tree builds ${short(built.sha256)}`,
        'npm run function:explain -- --diff shows who would move, npm run function:publish moves them',
      ),
    );
  if (live.runtime !== 'cloudfront-js-2.0')
    problems.push(fail(`LIVE runs on ${live.runtime || 'no known runtime'}, which cannot read a store`, 'npm run function:publish'));
  const published = live.comment === undefined ? undefined : parsePublishComment(live.comment);
  if (published !== undefined && published.link === undefined)
    problems.push(
      warn(
        'LIVE attests no earlier version: an older package published it, so function:rollback asks for the SHA-256 of what it brings back',
        'the next npm run function:publish begins the chain',
      ),
    );
  return problemsOr(problems, `LIVE is ${short(built.sha256)}, ${built.bytes} bytes, as the working tree builds it`);
}

function short(sha256: string): string {
  return sha256.slice(0, 12);
}
