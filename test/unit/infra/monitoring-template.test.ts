import { describe, expect, it } from 'vitest';
import { judgeAlarms } from '../../../src/doctor/checks/watch.ts';
import { openFlipperMetrics } from '../../../src/flipper/lambda/flipper-lambda.ts';
import { openTemplate } from './open-template.ts';

const template = openTemplate('infra/monitoring.yaml');
const flipper = openTemplate('infra/flipper.yaml');
const alarmsOf = ({ Resources }: typeof template) =>
  Object.entries(Resources).flatMap(([name, { Type, Condition, Properties }]) =>
    Type === 'AWS::CloudWatch::Alarm' ? [{ name, condition: Condition, properties: Properties }] : [],
  );
const { DashboardBody } = template.Resources['Dashboard']?.Properties ?? expect.fail('no dashboard');
const body = (DashboardBody as { 'Fn::Sub': string })['Fn::Sub'];

it('refuses every region but the one that has CloudFront’s metrics', () => {
  expect(template.Rules).toMatchObject({
    WhereCloudFrontsMetricsAre: { Assertions: [{ Assert: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'us-east-1'] } }] },
  });
});

describe('the alarms', () => {
  it('are those of viewers and of the function; the flipper’s stack has none of CloudFront’s, which are in us-east-1 only', () => {
    expect(alarmsOf(template).map(({ properties }) => properties['MetricName'])).toEqual([
      '5xxErrorRate',
      'FunctionComputeUtilization',
      'FunctionExecutionErrors',
      'FunctionValidationErrors',
      'FunctionThrottles',
    ]);
    expect(alarmsOf(flipper).map(({ properties }) => properties['Namespace'])).toEqual(['EdgeFailover']);
  });

  it('go to a topic of the stack, unless there is one already', () => {
    const topic = { 'Fn::If': ['HasOwnTopic', { Ref: 'Topic' }, { Ref: 'TopicArn' }] };
    for (const { properties } of alarmsOf(template)) expect(properties).toMatchObject({ AlarmActions: [topic], OKActions: [topic] });
    expect(template.Conditions?.['HasOwnTopic']).toEqual({ 'Fn::Equals': [{ Ref: 'TopicArn' }, ''] });
  });

  it('satisfy the doctor', () => {
    const found = alarmsOf(template).map(({ name, properties }) => ({
      name,
      state: 'OK' as const,
      isMissingBreaching: false,
      hasActions: Array.isArray(properties['AlarmActions']),
      metrics: [
        {
          namespace: String(properties['Namespace']),
          name: String(properties['MetricName']),
          dimensions: Object.fromEntries(
            (properties['Dimensions'] as { Name: string; Value: unknown }[]).map(({ Name, Value }) => [
              Name,
              typeof Value === 'string' ? Value : String(template.Parameters[(Value as { Ref: string }).Ref]?.Default),
            ]),
          ),
        },
      ],
    }));
    const findings = judgeAlarms({ functionName: 'origin-router', found: { alarms: found, complete: true } });
    expect(findings.map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok']);
  });
});

describe('the dashboard', () => {
  it('shows every metric that the flipper writes', () => {
    const metrics = openFlipperMetrics({ origins: ['any'], flipper: 'any' });
    metrics.take({ event: 'record', record: 'ok', edited: false }, 0);
    metrics.take({ event: 'probe', origin: 'any', signal: 'http', opinion: 'good', latencyMs: 1 }, 0);
    const lines = metrics.flush(0, { verdicts: { any: 'healthy' }, succeeded: true }).join('\n');
    const names = [...lines.matchAll(/"Name":"(\w+)"/g)].map(([, name]) => name);
    expect(names).toEqual(['Healthy', 'Weight', 'ProbeLatency', 'SuccessfulRuns', 'Flips', 'StoreFailures', 'NotificationFailures']);
    for (const name of names) expect(body).toContain(`"EdgeFailover","${name}","Flipper"`);
  });

  it.each([
    'Requests',
    '5xxErrorRate',
    'FunctionInvocations',
    'FunctionComputeUtilization',
    'FunctionExecutionErrors',
    'FunctionValidationErrors',
    'FunctionThrottles',
  ])('shows CloudFront’s %s, from where it is', (name) => {
    const { widgets } = JSON.parse(body) as { widgets: { properties: { region: string; metrics: unknown[][] } }[] };
    const showing = widgets.filter(({ properties }) =>
      properties.metrics.some(([namespace, metric]) => namespace === 'AWS/CloudFront' && metric === name),
    );
    expect(showing.map(({ properties }) => properties.region)).toEqual(['us-east-1']);
  });
});
