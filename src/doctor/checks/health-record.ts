import { parseHealthRecord } from '../../../kvs/health-record.ts';
import { healthKey } from '../../../kvs/keys.ts';
import { maxOverrideMs } from '../../core/flip.ts';
import { edgeSeconds, effectiveWeights, overrideInForce, parseLiveRecord } from '../../core/live-record.ts';
import { formatDuration } from '../../text/duration.ts';
import { defineCheck, type Finding, fail, problemsOr, warn } from '../check.ts';

interface Facts {
  values: ReadonlyMap<string, string>;
  origins: readonly string[];
  /** Epoch milliseconds. */
  now: number;
}

/** The record says something, and only about origins that exist. */
export const healthRecordCheck = defineCheck<Facts>({
  id: 'health-record',
  why: 'The edge takes a record that it cannot read for ok, so that no failover has any effect.',
  gather: async ({ config, values, now }) => ({ values: await values(), origins: Object.keys(config.origins), now: now() }),
  judge: judgeHealthRecord,
});

export function judgeHealthRecord({ values, origins, now }: Facts): readonly Finding[] {
  const text = values.get(healthKey);
  if (text === undefined) return [warn('the key health is missing, which the edge takes for ok', 'npm run kvs:apply')];
  const entries = parseHealthRecord(text, origins);
  if (entries === undefined)
    return [
      fail(
        parseHealthRecord(text) === undefined
          ? `${JSON.stringify(text.slice(0, 120))} is no health record`
          : `the record is ${text.length} characters long, longer than the configured origins can need: the edge takes it for ok`,
        'npm run failover -- auto writes a good one; ok is one by itself',
      ),
    ];
  const problems: Finding[] = [];
  const unknown = [...new Set(entries.map(({ origin }) => origin).filter((id) => !origins.includes(id)))];
  if (unknown.length > 0)
    problems.push(
      fail(
        `it names ${unknown.join(', ')}, and edge.config.ts knows ${origins.join(', ')}: those entries move nobody`,
        'npm run failover -- to <origin> with the right name, or mend edge.config.ts and publish',
      ),
    );
  const long = entries.filter(({ until }) => until !== undefined && until > edgeSeconds(now + maxOverrideMs));
  if (long.length > 0)
    problems.push(
      fail(
        `an override of ${[...new Set(long.map(({ origin }) => origin))].join(', ')} ends more than 72 hours from now: no command of ours writes one`,
        'ask who wrote it (docs/cloudtrail.md); npm run failover -- auto ends it',
      ),
    );
  const live = parseLiveRecord(values, now);
  const weights = effectiveWeights(live);
  if (origins.every((id) => weights[id] === 0))
    problems.push(fail('every origin is at 0, which the edge ignores: all take their viewers', 'npm run failover -- auto'));
  const expired = entries.filter(({ until }) => until !== undefined && until <= edgeSeconds(now));
  if (expired.length > 0)
    problems.push(
      warn(
        `${expired.length} expired override${expired.length === 1 ? '' : 's'} left in it: the edge skips them, at a cost on every request`,
        'npm run failover -- auto --reason "tidy up", or the next flip takes them away',
      ),
    );
  if (live.edited)
    problems.push(warn('somebody changed it by hand: the history does not tell why', 'npm run failover -- status shows it in full'));
  return problemsOr(problems, describe(live, now));
}

function describe(live: ReturnType<typeof parseLiveRecord>, now: number): string {
  const override = overrideInForce(live);
  if (override === undefined) return live.text;
  return `${live.text}, an override by ${override.by} for another ${formatDuration(override.until - now)}: ${override.reason}`;
}
