import { type Alarm, type AlarmMetric, metricsRegion } from '../../aws/alarms.ts';
import type { EdgeConfig, FailoverPolicy } from '../../config/edge-config.ts';
import { overrideInForce, parseLiveRecord } from '../../core/live-record.ts';
import { EdgeError } from '../../errors.ts';
import { formatDuration } from '../../text/time.ts';
import { pageOf, typed } from '../../text/typed.ts';
import { type CheckFinding, defineCheck, fail, ok, warn } from '../check.ts';
import type { SignalResult } from '../readers.ts';

type SignalsFacts = Readonly<Record<string, readonly SignalResult[]>>;

/** Every signal has an opinion, and it is good. */
export const signalsCheck = defineCheck<SignalsFacts>({
  id: 'signals',
  why: 'The flipper drains an origin that fails its signals, and never drains one whose signals have no opinion.',
  gather: ({ signals }) => signals(),
  judge: (origins) => [...judgeOutage(origins), ...Object.entries(origins).flatMap(([origin, looks]) => judgeSignals(origin, looks))],
});

/** Every origin fails: no routing helps. */
export function judgeOutage(origins: SignalsFacts): readonly CheckFinding[] {
  const failing = Object.values(origins).filter((looks) => looks.some(({ opinion }) => opinion === 'bad'));
  if (failing.length === 0 || failing.length < Object.keys(origins).length) return [];
  const names = Object.keys(origins).join(', ');
  return [
    fail(
      `every origin fails, seen from this machine: ${names} all fail`,
      'check that this machine has network access to the origins, then restore one of them',
    ),
  ];
}

export function judgeSignals(origin: string, looks: readonly SignalResult[]): readonly CheckFinding[] {
  const silent = looks.filter(({ opinion }) => opinion === 'none');
  const fix = 'fix the signal in edge.config.ts, or what it reads';
  const describe = ({ name, detail }: SignalResult) => `${name}: ${detail ?? 'no opinion'}`;
  if (silent.length === looks.length)
    return [fail(`no signal has an opinion about ${origin}: ${silent.map(describe).join('; ') || 'it has no signal'}`, fix)];
  return looks.map((look) => {
    if (look.opinion === 'none') return warn(`${origin}, ${describe(look)}`, fix);
    if (look.opinion === 'good') return ok(`${origin}, ${look.name}: good after ${look.latencyMs} ms`);
    const failed = look.class === undefined ? '' : `${look.class}: `;
    return fail(
      `${origin}, ${look.name} fails: ${failed}${look.detail ?? 'bad'}`,
      `${typed('failover --')} status shows whether it was drained; --accept signals where this machine cannot reach the origins`,
    );
  });
}

interface AlarmsFacts {
  functionName: string;
  /** In the region of CloudFront's metrics; undefined on the local cloud. */
  found: { alarms: readonly Alarm[]; complete: boolean } | undefined;
}

const watched = ['FunctionExecutionErrors', 'FunctionValidationErrors', 'FunctionThrottles'];

/** An alarm notifies an operator when the function fails. */
export const alarmsCheck = defineCheck<AlarmsFacts>({
  id: 'alarms',
  why: 'A function that fails answers 503 or 502 to every viewer, and nothing else reports it.',
  gather: async ({ config, alarms }) => ({ functionName: config.functionName, found: await alarms(metricsRegion) }),
  judge: judgeAlarms,
});

export function judgeAlarms({ functionName, found }: AlarmsFacts): readonly CheckFinding[] {
  if (found === undefined) return [warn('the local cloud has no CloudWatch', 'run doctor without --local to check the account')];
  const ours = found.alarms.flatMap((alarm) =>
    alarm.metrics.filter((metric) => isOurs(metric, functionName)).map((metric) => ({ alarm, metric })),
  );
  const findings = watched.map((name): CheckFinding => {
    const watching = ours.filter(({ metric }) => metric.name === name);
    const seeing = watching.filter(({ metric }) => metric.dimensions['Region'] === 'Global');
    const [blind] = watching;
    if (seeing.length === 0 && blind !== undefined)
      return fail(
        `alarm ${blind.alarm.name} watches ${name} without the dimension Region=Global: it never gets a value`,
        'give it both dimensions, FunctionName and Region=Global',
      );
    if (seeing.length === 0 && !found.complete)
      return warn(`no alarm on ${name} among the first ${found.alarms.length} alarms`, 'search for it by name');
    if (seeing.length === 0)
      return fail(
        `no alarm in ${metricsRegion} watches ${name} of ${functionName}`,
        `infra/monitoring.yaml in ${metricsRegion} has one; or create one on AWS/CloudFront ${name} with FunctionName=${functionName} and Region=Global`,
      );
    const going = seeing.find(({ alarm }) => alarm.state === 'ALARM');
    if (going !== undefined)
      return fail(`alarm ${going.alarm.name} is in ALARM`, `${typed('function:rollback')} if it started with a publish`);
    const notifying = seeing.find(({ alarm }) => alarm.hasActions);
    if (notifying === undefined)
      return warn(`alarm ${seeing[0]?.alarm.name} on ${name} notifies no operator`, 'give it an action, such as an SNS topic');
    return ok(`alarm ${notifying.alarm.name} watches ${name}`);
  });
  return findings;
}

function isOurs({ namespace, dimensions }: AlarmMetric, functionName: string): boolean {
  return namespace === 'AWS/CloudFront' && dimensions['FunctionName'] === functionName;
}

interface FlipperFacts {
  values: ReadonlyMap<string, string>;
  signals: Readonly<Record<string, readonly SignalResult[]>>;
  /** Of the flipper's region; undefined on the local cloud; an error when they may not be read. */
  alarms: readonly Alarm[] | EdgeError | undefined;
  failover: Pick<FailoverPolicy, 'rampStepMs'>;
  /** Epoch milliseconds. */
  now: number;
}

/** How late a running flipper may start a failback, including its thresholds and a restart. */
const patienceMs = 10 * 60_000;

/** The flipper runs. */
export const flipperCheck = defineCheck<FlipperFacts>({
  id: 'flipper',
  why: 'Nothing else moves traffic automatically, and while all origins are healthy a dead flipper looks like a running one.',
  gather: async ({ values, signals, alarms, region, config, now }) => {
    // The flipper's alarms may be in the region of the environment, or beside CloudFront's own.
    const found = Promise.all([...new Set([region, metricsRegion])].map(alarms)).then(
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
 * While all origins are healthy the flipper writes nothing, so the store can prove that it is stopped but never that it
 * runs. An alarm on missing data can prove that.
 */
export function judgeFlipper(facts: FlipperFacts): readonly CheckFinding[] {
  const { values, alarms, now } = facts;
  const stuck = findStuck(facts);
  if (stuck !== undefined) return [stuck];
  const { automaticAt } = parseLiveRecord(values, now).state;
  const last =
    automaticAt === undefined
      ? 'the flipper has never moved traffic'
      : `the flipper last moved traffic ${formatDuration(now - automaticAt)} ago`;
  const fix = 'check its log; infra/flipper.yaml has an alarm on missing runs';
  if (alarms === undefined)
    return [warn(`${last}; on the local cloud nothing else shows whether it runs`, `${typed('start')} runs a flipper by default`)];
  if (alarms instanceof EdgeError) return [warn(`${last}; it is not known whether it runs: ${alarms.message}`, alarms.hint ?? fix)];
  const silence = alarms.filter(isSilenceAlarm);
  const going = silence.find(({ state }) => state === 'ALARM');
  if (going !== undefined) return [fail(`alarm ${going.name}: the flipper reports no runs; ${last}`, fix)];
  const quiet = silence.find(({ state }) => state === 'OK');
  if (quiet !== undefined) return [ok(`alarm ${quiet.name} on missing runs is OK; ${last}`)];
  const blind = silence[0];
  if (blind !== undefined) return [warn(`alarm ${blind.name} on missing runs is ${blind.state}; ${last}`, fix)];
  return [warn(`no alarm watches for missing runs, and nothing else shows whether the flipper runs; ${last}`, fix)];
}

interface FlipperPlaceFacts {
  /** Regions with an alarm on missing runs, which is beside the flipper; undefined on the local cloud. */
  regions: readonly string[] | undefined;
  /** The origins' regions by alias. */
  origins: Readonly<Record<string, string>>;
}

/** The flipper survives what it must detect. */
export const flipperPlaceCheck = defineCheck<FlipperPlaceFacts>({
  id: 'flipper-place',
  why: 'A flipper in the region of an origin fails with it. us-east-1 has the control planes of global services, and its incidents affect global services.',
  gather: async ({ alarms, region, config }) => {
    const found = await Promise.all(alarmRegions(region, config.origins).map(async (each) => ({ each, answer: await alarms(each) })));
    const silent = found.filter(({ answer }) => answer?.alarms.some(isSilenceAlarm)).map(({ each }) => each);
    return {
      regions: found.some(({ answer }) => answer === undefined) ? undefined : silent,
      origins: Object.fromEntries(Object.entries(config.origins).map(([alias, origin]) => [alias, origin.region])),
    };
  },
  judge: judgeFlipperPlace,
});

/** Where the flipper's alarms may be: the region of the environment, beside CloudFront's own, or beside an origin. */
function alarmRegions(region: string, origins: EdgeConfig['origins']): string[] {
  const theirs = Object.values(origins).map((origin) => origin.region);
  return [...new Set([region, metricsRegion, ...theirs.filter(isAwsRegion)])];
}

/** The region of an origin is free text: outside AWS it may be any name. */
function isAwsRegion(name: string): boolean {
  return /^[a-z]{2}(-[a-z]+)+-\d$/.test(name);
}

function judgeFlipperPlace({ regions, origins }: FlipperPlaceFacts): readonly CheckFinding[] {
  if (regions === undefined) return [ok('the local cloud has one place only')];
  if (regions.length === 0) return [ok('not known: no alarm on missing runs shows where the flipper runs')];
  const fix = `deploy it to a region of no origin and not to us-east-1 (${pageOf('shared-fate.md')}), or --accept flipper-place`;
  return regions.map((region) => {
    const beside = Object.keys(origins).filter((alias) => origins[alias] === region);
    if (beside.length > 0) return fail(`the flipper runs in ${region}, beside ${beside.join(', ')}: it fails with that region`, fix);
    if (region === metricsRegion) return warn(`the flipper runs in ${region}, whose incidents affect global services`, fix);
    return ok(`the flipper runs in ${region}, apart from all origins`);
  });
}

/**
 * An alarm that treats missing data as a failure: on the flipper's count of its runs, or with `flipper` in its name or
 * dimensions.
 */
function isSilenceAlarm({ name, metrics, isMissingBreaching }: Alarm): boolean {
  const about = [name, ...metrics.flatMap(({ dimensions }) => Object.values(dimensions))];
  return isMissingBreaching && (metrics.some((metric) => metric.name === 'SuccessfulRuns') || about.some((text) => /flipper/i.test(text)));
}

/**
 * A healthy origin has an automatic weight long after its hold-down: a running flipper would have started the failback.
 */
function findStuck({ values, signals, failover, now }: FlipperFacts): CheckFinding | undefined {
  const live = parseLiveRecord(values, now);
  if (overrideInForce(live) !== undefined) return undefined;
  for (const [origin, weight] of Object.entries(live.automatic)) {
    const { heldUntil, movedAt } = live.state.origins[origin] ?? {};
    const looks = signals[origin] ?? [];
    const freeAt = Math.max(heldUntil ?? 0, movedAt ?? 0, live.state.automaticAt ?? 0) + failover.rampStepMs;
    const isHealthy = looks.some(({ opinion }) => opinion === 'good') && looks.every(({ opinion }) => opinion !== 'bad');
    if (freeAt <= failover.rampStepMs || now - freeAt < patienceMs || !isHealthy) continue;
    return fail(
      `${origin} is healthy, and its weight has stayed at ${weight} for ${formatDuration(now - freeAt)} after its hold-down: no flipper starts the failback`,
      `start the flipper, or move traffic by hand with ${typed('failover')}`,
    );
  }
  return undefined;
}
