import { EdgeError } from '../errors.ts';
import type { TestReport } from './test-stage.ts';

/** `8 fixtures, at most 9 % of the allowed time`. */
export function describeTests({ tested, utilization, failures, differences }: TestReport): string {
  const took = Number.isFinite(utilization) ? `, at most ${utilization} % of the allowed time` : '';
  const bad = failures.length + differences.length;
  return `${tested} fixtures${took}${bad === 0 ? '' : `, ${bad} of them not as expected`}`;
}

/** TEST_FAILED when the code must not go LIVE. Code that was LIVE before may differ from fixtures that are newer: that is only told. */
export function judgeTests({ failures, differences }: TestReport, isOld: boolean, log: (line: string) => void): void {
  const stopping = isOld ? failures : [...failures, ...differences];
  if (stopping.length > 0) throw new EdgeError('TEST_FAILED', stopping.join('\n'), { hint: 'the fixtures are in test/fixtures/events' });
  for (const difference of differences) log(`note: ${difference}`);
}
