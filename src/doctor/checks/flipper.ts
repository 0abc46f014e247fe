import type { Alarm } from '../../aws/alarms.ts';
import type { FailoverPolicy } from '../../config/edge-config.ts';
import { overrideInForce, parseLiveRecord } from '../../core/live-record.ts';
import { EdgeError } from '../../errors.ts';
import { formatDuration } from '../../text/duration.ts';
import { defineCheck, type Finding, fail, ok, warn } from '../check.ts';
import type { SignalLook } from '../doctor-readers.ts';

interface Facts {
  values: ReadonlyMap<string, string>;
  signals: Readonly<Record<string, readonly SignalLook[]>>;
  /** Of the flipper's region; undefined on the local cloud; an error when they may not be read. */
  alarms: readonly Alarm[] | EdgeError | undefined;
  failover: Pick<FailoverPolicy, 'rampStepMs'>;
  /** Epoch milliseconds. */
  now: number;
}

/** How much later than it could a running flipper begins the way home, its own thresholds and a restart included. */
const patienceMs = 10 * 60_000;

/** The flipper runs. */
export const flipperCheck = defineCheck<Facts>({
  id: 'flipper',
  why: 'Nothing else moves traffic by itself, and while all is well a flipper that has died looks like one that runs.',
  gather: async ({ values, signals, alarms, region, config, now }) => {
    // The region of the environment may be another than that of the flipper; its alarms may also be where CloudFront's are.
    const found = Promise.all([...new Set([region, 'us-east-1'])].map(alarms)).then(
      (answers) => (answers.includes(undefined) ? undefined : answers.flatMap((answer) => answer?.alarms ?? [])),
      (error: unknown) => {
        if (error instanceof EdgeError) return error;
        throw error;
      },
    );
    const [known, looks, watching] = await Promise.all([values(), signals(), found]);
    return { values: known, signals: looks, alarms: watching, failover: config.failover, now: now() };
  },
  judge: judgeFlipper,
});

/**
 * In the steady state the flipper writes nothing to the store, so the store can prove that it stands still but never that it runs. What can prove that is an
 * alarm on its silence, which goes off by missing data.
 */
export function judgeFlipper(facts: Facts): readonly Finding[] {
  const { values, alarms, now } = facts;
  const stuck = findStuck(facts);
  if (stuck !== undefined) return [stuck];
  const { automaticAt } = parseLiveRecord(values, now).state;
  const last = automaticAt === undefined ? 'it has never moved traffic' : `it last moved traffic ${formatDuration(now - automaticAt)} ago`;
  const mend = 'look at its log; infra/flipper.yaml comes with an alarm on its silence';
  if (alarms === undefined)
    return [warn(`${last}; on the local cloud nothing else tells whether it runs`, 'npm start runs one unless told otherwise')];
  if (alarms instanceof EdgeError) return [warn(`${last}; whether it runs is not known: ${alarms.message}`, alarms.hint ?? mend)];
  const silence = alarms.filter(isSilenceAlarm);
  const going = silence.find(({ state }) => state === 'ALARM');
  if (going !== undefined) return [fail(`alarm ${going.name}: it has been silent; ${last}`, mend)];
  const well = silence.find(({ state }) => state === 'OK');
  if (well !== undefined) return [ok(`alarm ${well.name} on its silence is OK; ${last}`)];
  const blind = silence[0];
  if (blind !== undefined) return [warn(`alarm ${blind.name} on its silence is ${blind.state}; ${last}`, mend)];
  return [warn(`no alarm watches its silence, and nothing else tells whether it runs; ${last}`, mend)];
}

/** An alarm that takes missing data for a failure, on the flipper's own count of its runs, or about a flipper by its name or by what it watches. */
function isSilenceAlarm({ name, metrics, isMissingBreaching }: Alarm): boolean {
  const about = [name, ...metrics.flatMap(({ dimensions }) => Object.values(dimensions))];
  return isMissingBreaching && (metrics.some((metric) => metric.name === 'SuccessfulRuns') || about.some((text) => /flipper/i.test(text)));
}

/** Automation keeps an origin out that has been free to come home for long and is well: a running flipper would have begun. */
function findStuck({ values, signals, failover, now }: Facts): Finding | undefined {
  const live = parseLiveRecord(values, now);
  if (overrideInForce(live) !== undefined) return undefined;
  for (const [origin, weight] of Object.entries(live.automatic)) {
    const { heldUntil, movedAt } = live.state.origins[origin] ?? {};
    const looks = signals[origin] ?? [];
    const freeAt = Math.max(heldUntil ?? 0, movedAt ?? 0, live.state.automaticAt ?? 0) + failover.rampStepMs;
    const isWell = looks.some(({ opinion }) => opinion === 'good') && looks.every(({ opinion }) => opinion !== 'bad');
    if (freeAt <= failover.rampStepMs || now - freeAt < patienceMs || !isWell) continue;
    return fail(
      `${origin} is well and has been kept at ${weight} for ${formatDuration(now - freeAt)} longer than it need be: nobody brings it home`,
      'start the flipper, or npm run failover -- to move traffic by hand',
    );
  }
  return undefined;
}
