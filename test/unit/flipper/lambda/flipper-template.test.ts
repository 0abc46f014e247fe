import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { pickFlipperParts } from '../../../../src/config/distribution-file.ts';
import { lambdaSetup } from '../../../../src/cost/flipper-cost.ts';
import { openFlipperMetrics, parseTrigger } from '../../../../src/flipper/lambda/flipper-lambda.ts';
import { readDoor } from '../../../../src/remote/remote-event.ts';
import type { Template } from '../../../templates/parse-template.ts';
import { openTemplate } from '../../infra/open-template.ts';

// CloudFormation itself has not read these files: there is no account. test/unit/infra/ holds them against AWS's
// schemas; what they must say is held here.

const template = openTemplate('infra/flipper.yaml');
const forwarding = openTemplate('infra/alarm-forwarding.yaml');
const properties = (name: string, from: Template = template) => from.Resources[name]?.Properties ?? expect.fail(`no resource ${name}`);

describe.each([
  { file: 'infra/flipper.yaml', parsed: template },
  { file: 'infra/alarm-forwarding.yaml', parsed: forwarding },
])('$file', ({ parsed }) => {
  it('grants actions by name, on named resources, except for the one call that AWS allows only on all', () => {
    for (const { Effect, Action, Resource } of statements(parsed)) {
      expect(Effect).toBe('Allow');
      for (const action of [Action].flat()) expect(action).toMatch(/^[a-z0-9-]+:[A-Za-z]+$/);
      expect(Resource).toBeDefined();
      if (Action !== 'cloudwatch:DescribeAlarms') expect(Resource).not.toBe('*');
    }
  });
});

interface Statement {
  Effect: string;
  Action: string | string[];
  Resource: unknown;
}

/** The permissions of a template's roles, conditional ones included. */
function statements(from: Template): Statement[] {
  const policies = Object.values(from.Resources).flatMap(({ Properties }) => (Properties['Policies'] ?? []) as object[]);
  const open = policies.map((policy) => ('Fn::If' in policy ? (policy['Fn::If'] as [string, object])[1] : policy));
  return open.flatMap((policy) => (policy as { PolicyDocument: { Statement: Statement[] } }).PolicyDocument.Statement);
}

describe('the flipper’s function', () => {
  it('is the packaged handler on arm64, done within its minute', () => {
    expect(properties('Function')).toMatchObject({ Handler: 'index.handler', Architectures: ['arm64'], Code: '../dist/flipper.zip' });
    expect(properties('Function')['Timeout']).toBeLessThan(60);
    expect(template.Parameters['Runtime']?.AllowedValues).toContain(template.Parameters['Runtime']?.Default);
  });

  it('gets every value that distribution.json asks of a flipper', () => {
    const parts = pickFlipperParts(JSON.parse(readFileSync('test/fixtures/sample/distribution.json', 'utf8')));
    const asked = [...JSON.stringify(parts).matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => name);
    const { Variables } = properties('Function')['Environment'] as { Variables: Record<string, unknown> };
    expect(asked.length).toBeGreaterThan(2);
    const open = asked.filter((name) => !name.includes('SECRET'));
    expect(Object.keys(Variables)).toEqual(
      expect.arrayContaining([...new Set([...open, 'EDGE_KVS_ARN', 'EDGE_SECRET_ARN', 'FLIPPER_TOPIC_ARN'])]),
    );
    // A secret in the environment can be read by every principal that may describe the function.
    expect(Object.keys(Variables).filter((name) => /SECRET|WEBHOOK/.test(name))).toEqual(['EDGE_SECRET_ARN']);
    expect(JSON.stringify(template)).not.toContain('{{resolve:');
  });

  it('runs every minute and is not run again when that fails', () => {
    const { ScheduleExpression, Target } = properties('Schedule') as { ScheduleExpression: string; Target: { Input: string } };
    expect(ScheduleExpression).toBe('rate(1 minute)');
    expect(parseTrigger(JSON.parse(Target.Input))).toEqual({ mode: 'watch', trigger: 'schedule' });
    expect(Target).toMatchObject({ RetryPolicy: { MaximumRetryAttempts: 0 } });
    expect(properties('Invocation')).toMatchObject({ MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 });
  });

  it.each([
    { from: template, arn: { 'Fn::GetAtt': 'Function.Arn' } },
    { from: forwarding, arn: { 'Fn::Sub': expect.stringContaining(':event-bus/default') } },
  ])('runs at once when a signal’s alarm changes', ({ from, arn }) => {
    const { EventPattern, Targets } = properties('AlarmRule', from) as { EventPattern: Record<string, string[]>; Targets: object[] };
    const event = { source: EventPattern['source']?.[0], 'detail-type': EventPattern['detail-type']?.[0], detail: { alarmName: 'a' } };
    expect(parseTrigger(event)).toMatchObject({ mode: 'once', trigger: 'alarm', alarm: 'a' });
    expect(Targets).toMatchObject([{ Arn: arn }]);
  });

  it.each([
    { alias: 'OperatorAlias', name: 'operator', policy: 'OperatorPolicy', invocation: 'OperatorInvocation', attempts: 2 },
    { alias: 'ReporterAlias', name: 'reporter', policy: 'ReporterPolicy', invocation: 'ReporterInvocation', attempts: 0 },
  ])('has the right of the $name as an alias, which none of the other rights includes', ({ alias, name, policy, invocation, attempts }) => {
    expect(readDoor(`arn:aws:lambda:us-east-1:111122223333:function:edge-flipper:${properties(alias)['Name']}`)).toBe(name);
    expect(properties(alias)).toMatchObject({ FunctionVersion: '$LATEST' });
    const { Statement } = properties(policy)['PolicyDocument'] as { Statement: object[] };
    expect([Statement].flat()).toMatchObject([{ Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: { Ref: alias } }]);
    expect(properties(invocation)).toMatchObject({ Qualifier: name, MaximumRetryAttempts: attempts, MaximumEventAgeInSeconds: 60 });
    const scheduled = statements(template).find(({ Action }) => Action === 'lambda:InvokeFunction');
    expect(scheduled?.Resource).toEqual({ 'Fn::GetAtt': 'Function.Arn' });
  });

  it('may do what it does with the sample’s signals and nothing else', () => {
    expect(
      statements(template)
        .flatMap(({ Action }) => Action)
        .sort(),
    ).toEqual([
      'cloudfront-keyvaluestore:DescribeKeyValueStore',
      'cloudfront-keyvaluestore:GetKey',
      'cloudfront-keyvaluestore:UpdateKeys',
      'kms:Decrypt',
      'lambda:InvokeFunction',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'secretsmanager:GetSecretValue',
    ]);
  });

  it('is in a network only when the options name one', () => {
    const unless = { Ref: 'AWS::NoValue' };
    expect(properties('Function')['VpcConfig']).toEqual({
      'Fn::If': ['InSubnets', { SubnetIds: { Ref: 'SubnetIds' }, SecurityGroupIds: { Ref: 'SecurityGroupIds' } }, unless],
    });
    expect(properties('Role')['ManagedPolicyArns']).toEqual({ 'Fn::If': ['InSubnets', [expect.anything()], unless] });
    expect(template.Conditions?.['InSubnets']).toEqual({ 'Fn::Not': [{ 'Fn::Equals': [{ 'Fn::Join': ['', { Ref: 'SubnetIds' }] }, ''] }] });
  });

  it('keeps its log for a time', () => {
    expect(properties('Log')['RetentionInDays']).toEqual({ Ref: 'LogRetentionDays' });
  });
});

describe('ways to run it elsewhere', () => {
  const read = (path: string) => readFileSync(path, 'utf8');

  it('give the workflow everything that distribution.json asks for, five minutes apart, one at a time', () => {
    const workflow = parse(read('.github/workflows/health-flipper.yml')) as {
      on: { schedule: { cron: string }[] };
      concurrency: object;
      jobs: { flip: { steps: { run?: string; env?: Record<string, string> }[] } };
    };
    expect(workflow.on.schedule).toEqual([{ cron: '2-59/5 * * * *' }]);
    expect(workflow.concurrency).toEqual({ group: 'health-flipper', 'cancel-in-progress': false });
    const step = workflow.jobs.flip.steps.find(({ run }) => run?.includes('flipper'));
    expect(step?.run).toContain('npm run flipper -- --once');
    const asked = [...read('test/fixtures/sample/distribution.json').matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => name);
    expect(Object.keys(step?.env ?? {})).toEqual(expect.arrayContaining([...new Set(asked), 'EDGE_KVS_ARN']));
  });

  it('start the service the way the npm script does', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const [, command = ''] = /^ExecStart=\S+ (.*)$/m.exec(read('deploy/edge-flipper.service')) ?? [];
    expect(`node ${command}`).toMatch(new RegExp(`^${scripts['flipper']?.replaceAll('.', '\\.')}( |$)`));
  });
});

describe('the alarms', () => {
  const alarms = Object.entries(template.Resources).filter(([, { Type }]) => Type === 'AWS::CloudWatch::Alarm');

  it('notify a topic, both ways', () => {
    for (const [, { Properties }] of alarms)
      expect(Properties).toMatchObject({ AlarmActions: [{ Ref: 'Topic' }], OKActions: [{ Ref: 'Topic' }] });
  });

  it('take five minutes without a successful run for silence, missing data included', () => {
    const silence = properties('SilenceAlarm');
    expect(silence).toMatchObject({
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 5,
      DatapointsToAlarm: 5,
      Threshold: 1,
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
    });
    // What the function really writes.
    const [line = ''] = openFlipperMetrics({ origins: [], flipper: 'edge-flipper' }).flush(0, { verdicts: {}, succeeded: true });
    const { _aws, ...values } = JSON.parse(line) as { _aws: { CloudWatchMetrics: [{ Namespace: string; Dimensions: string[][] }] } };
    expect(silence['Namespace']).toBe(_aws.CloudWatchMetrics[0].Namespace);
    expect([(silence['Dimensions'] as { Name: string }[]).map(({ Name }) => Name)]).toEqual(_aws.CloudWatchMetrics[0].Dimensions);
    expect(values).toHaveProperty(String(silence['MetricName']), 1);
  });

  it('and the function are what the month’s bill reckons with', () => {
    expect(lambdaSetup).toMatchObject({ alarms: alarms.length, memoryMb: template.Parameters['MemoryMb']?.Default, everyMs: 60_000 });
    expect(lambdaSetup.probingMs).toBe((Number(properties('Function')['Timeout']) - 8) * 1_000);
  });
});
