import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { Second } from '../../local/console/wire.ts';
import { wrapAwsError } from '../../src/aws/aws-error.ts';
import { messageOf } from '../../src/text/message-of.ts';

export const minuteMs = 60_000;

/**
 * Requests and 5xx of a distribution per minute, as CloudWatch has them: some minutes late, and without origins.
 * CloudWatch knows no latency unless additional metrics are on.
 */
export async function readDistributionTraffic(
  client: Pick<CloudWatchClient, 'send'>,
  distributionId: string,
  { from, to }: { from: number; to: number },
): Promise<Second[]> {
  const { GetMetricDataCommand } = await import('@aws-sdk/client-cloudwatch');
  const query = (Id: string, MetricName: string, Stat: string) => ({
    Id,
    MetricStat: {
      Metric: {
        Namespace: 'AWS/CloudFront',
        MetricName,
        Dimensions: [
          { Name: 'DistributionId', Value: distributionId },
          { Name: 'Region', Value: 'Global' },
        ],
      },
      Period: minuteMs / 1_000,
      Stat,
    },
  });
  try {
    const { MetricDataResults = [] } = await client.send(
      new GetMetricDataCommand({
        StartTime: new Date(from),
        EndTime: new Date(to),
        ScanBy: 'TimestampAscending',
        MetricDataQueries: [query('requests', 'Requests', 'Sum'), query('errors', '5xxErrorRate', 'Average')],
      }),
    );
    const values = (id: string) => {
      const { Timestamps = [], Values = [] } = MetricDataResults.find(({ Id }) => Id === id) ?? {};
      return Timestamps.map((at, place): [number, number] => [at.getTime(), Values[place] ?? 0]);
    };
    const rates = new Map(values('errors'));
    return values('requests').map(([at, count]) => {
      const failed = Math.round((count * (rates.get(at) ?? 0)) / 100);
      return { at, byOrigin: { '': count - failed }, failed, p50Ms: null, p99Ms: null };
    });
  } catch (error) {
    throw wrapAwsError(error, "read CloudFront's metrics");
  }
}

/** Why there are no figures, as a hint: a console without them is not broken. */
export function describeNoFigures(error: unknown): string {
  const message = messageOf(error);
  if (/AccessDenied|not authorized|UnauthorizedOperation/i.test(message))
    return 'CloudWatch figures need the permission cloudwatch:GetMetricData, which these credentials do not have.';
  return `CloudWatch figures are missing: ${message}`;
}
