import type { Alarm, AlarmMetric } from '../../aws/alarms.ts';
import { defineCheck, type Finding, fail, ok, warn } from '../check.ts';

interface Facts {
  functionName: string;
  /** Of the region where CloudFront's metrics are; undefined on the local cloud. */
  found: { alarms: readonly Alarm[]; complete: boolean } | undefined;
}

/** CloudFront's metrics are there and nowhere else (DG viewing-cloudfront-metrics.html). */
const metricsRegion = 'us-east-1';
const watched = ['FunctionExecutionErrors', 'FunctionValidationErrors', 'FunctionThrottles'];

/** Somebody is told when the function fails. */
export const alarmsCheck = defineCheck<Facts>({
  id: 'alarms',
  why: 'A function that fails answers 503 or 502 to every viewer of every behavior, and tells nobody.',
  gather: async ({ config, alarms }) => ({ functionName: config.functionName, found: await alarms(metricsRegion) }),
  judge: judgeAlarms,
});

export function judgeAlarms({ functionName, found }: Facts): readonly Finding[] {
  if (found === undefined) return [warn('the local cloud has no CloudWatch', 'run it without --local for the account')];
  const ours = found.alarms.flatMap((alarm) =>
    alarm.metrics.filter((metric) => isOurs(metric, functionName)).map((metric) => ({ alarm, metric })),
  );
  const findings = watched.map((name): Finding => {
    const watching = ours.filter(({ metric }) => metric.name === name);
    const seeing = watching.filter(({ metric }) => metric.dimensions['Region'] === 'Global');
    const [blind] = watching;
    if (seeing.length === 0 && blind !== undefined)
      return fail(
        `alarm ${blind.alarm.name} watches ${name} without the dimension Region=Global: it never sees a value`,
        'give it both dimensions, FunctionName and Region=Global',
      );
    if (seeing.length === 0 && !found.complete)
      return warn(`no alarm on ${name} among the first ${found.alarms.length} alarms`, 'look for it by name');
    if (seeing.length === 0)
      return fail(
        `no alarm in ${metricsRegion} watches ${name} of ${functionName}`,
        `infra/flipper.yaml in ${metricsRegion} brings one; else make one on AWS/CloudFront ${name} with FunctionName=${functionName} and Region=Global`,
      );
    const going = seeing.find(({ alarm }) => alarm.state === 'ALARM');
    if (going !== undefined) return fail(`alarm ${going.alarm.name} is going off`, 'npm run function:rollback if it began with a publish');
    const told = seeing.find(({ alarm }) => alarm.hasActions);
    if (told === undefined)
      return warn(`alarm ${seeing[0]?.alarm.name} on ${name} tells nobody`, 'give it an action, such as an SNS topic');
    return ok(`alarm ${told.alarm.name} watches ${name}`);
  });
  return findings;
}

function isOurs({ namespace, dimensions }: AlarmMetric, functionName: string): boolean {
  return namespace === 'AWS/CloudFront' && dimensions['FunctionName'] === functionName;
}
