import { openFlipperMetrics } from '../../src/flipper/lambda/flipper-lambda.ts';
import type { Dimension, ResourceSchema } from './resource-schema.ts';

/**
 * Metrics of CloudFront Functions, which AWS's list of metrics leaves out (CloudFront guide,
 * programming-cloudwatch-metrics.html).
 */
const functionMetrics = [
  'FunctionInvocations',
  'FunctionValidationErrors',
  'FunctionExecutionErrors',
  'FunctionComputeUtilization',
  'FunctionThrottles',
];
const functionDimensions: Dimension[] = [
  { name: 'FunctionName', value: undefined },
  { name: 'Region', value: 'Global' },
];

/** The combinations of dimensions with which a metric has values; undefined when no service writes such a metric. */
export function findMetric(
  namespace: string,
  name: string,
  schema: Pick<ResourceSchema, 'metric'>,
): readonly (readonly Dimension[])[] | undefined {
  if (namespace === 'AWS/CloudFront' && functionMetrics.includes(name)) return [functionDimensions];
  const own = flipperMetrics().filter((metric) => metric.namespace === namespace && metric.names.includes(name));
  return own.length > 0 ? own.map(({ dimensions }) => dimensions) : schema.metric(namespace, name);
}

interface Written {
  namespace: string;
  names: readonly string[];
  dimensions: readonly Dimension[];
}

/** What the flipper really writes, taken from a run in which everything happens. */
function flipperMetrics(): Written[] {
  const metrics = openFlipperMetrics({ origins: ['any'], flipper: 'any' });
  metrics.take({ event: 'record', record: 'ok', edited: false }, 0);
  metrics.take({ event: 'probe', origin: 'any', signal: 'http', opinion: 'good', latencyMs: 1 }, 0);
  return metrics.flush(0, { verdicts: { any: 'healthy' }, succeeded: true }).flatMap((line) => {
    const { _aws } = JSON.parse(line) as {
      _aws: { CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string }[] }[] };
    };
    return _aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
      Dimensions.map((names) => ({
        namespace: Namespace,
        names: Metrics.map(({ Name }) => Name),
        dimensions: names.map((name) => ({ name, value: undefined })),
      })),
    );
  });
}
