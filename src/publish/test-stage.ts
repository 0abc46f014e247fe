import type { CloudFrontClient } from '@aws-sdk/client-cloudfront';
import pMap from 'p-map';
import { testFunction } from '../aws/function.ts';
import { checkFixture } from './check-fixture.ts';
import type { Fixture } from './read-fixtures.ts';

export interface TestStageOptions {
  etag: string;
  fixtures: readonly Fixture[];
  /** Percent of the allowed compute. */
  maxUtilization: number;
  retry: <T>(doing: string, call: () => Promise<T>) => Promise<T>;
}

export interface TestReport {
  tested: number;
  /** The highest of all fixtures, in percent; NaN when CloudFront did not say. */
  utilization: number;
  /** Runs that failed or took too much: nobody may be served by this. */
  failures: string[];
  /** Runs that came to something else than their fixture expects. */
  differences: string[];
}

/** Fixtures under way at once. The API's rate is not documented. */
const atOnce = 4;

/** Runs every fixture on DEVELOPMENT, where CloudFront itself executes it against the real store. */
export async function testStage(client: CloudFrontClient, name: string, options: TestStageOptions): Promise<TestReport> {
  const { etag, fixtures, maxUtilization, retry } = options;
  const reports = await pMap(
    fixtures,
    async (fixture): Promise<TestReport> => {
      const run = await retry(`test ${fixture.name}`, () =>
        testFunction(client, name, { stage: 'DEVELOPMENT', etag, event: fixture.event }),
      );
      const { utilization, error } = run;
      const failures = error === undefined ? [] : [`${fixture.name}: the function failed: ${error}`];
      if (Number.isNaN(utilization) && error === undefined)
        failures.push(`${fixture.name}: CloudFront did not say how much of the allowed time it took`);
      if (utilization > maxUtilization)
        failures.push(`${fixture.name}: it took ${utilization} % of the allowed time, at most ${maxUtilization} % are accepted`);
      const differences = error === undefined ? checkFixture(fixture, run).map((problem) => `${fixture.name}: ${problem}`) : [];
      return { tested: 1, utilization, failures, differences };
    },
    { concurrency: atOnce },
  );
  return {
    tested: reports.length,
    utilization: Math.max(...reports.map(({ utilization }) => utilization)),
    failures: reports.flatMap(({ failures }) => failures),
    differences: reports.flatMap(({ differences }) => differences),
  };
}
