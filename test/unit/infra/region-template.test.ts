import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { parseTrigger } from '../../../src/flipper/lambda/flipper-lambda.ts';
import edgeConfig from '../../fixtures/sample/edge.config.ts';
import { listItems, namesOf, propertiesOf, region } from './open-region.ts';
import { openTemplate } from './open-template.ts';

const { Parameters } = region;
const config = parseEdgeConfig(edgeConfig);
const { Origins } = JSON.parse(readFileSync('test/fixtures/sample/distribution.json', 'utf8')) as {
  Origins: { Items: { CustomOriginConfig: { OriginReadTimeout: number; OriginKeepaliveTimeout: number } }[] };
};
const origins = Origins.Items;

/** Attributes of a load balancer or a target group, those that are there sometimes included. */
function readAttributes(list: unknown): Record<string, unknown> {
  return Object.fromEntries((listItems(list) as { Key: string; Value: unknown }[]).map(({ Key, Value }) => [Key, Value]));
}

describe('the service', () => {
  const container = propertiesOf('Task').ContainerDefinitions[0];

  it('runs in a container that can write nowhere', () => {
    expect(container).toMatchObject({ ReadonlyRootFilesystem: true, LinuxParameters: { Capabilities: { Drop: ['ALL'] } } });
  });

  it('begins with two tasks, never has fewer, and keeps those on demand', () => {
    // A count here would undo what scaling has done, with every deployment.
    expect(propertiesOf('Service')).not.toHaveProperty('DesiredCount');
    expect(Parameters['MinTasks']).toMatchObject({ Default: 2, MinValue: 2 });
    expect(propertiesOf('Scaling')).toMatchObject({ MinCapacity: { Ref: 'MinTasks' }, MaxCapacity: { Ref: 'MaxTasks' } });
    expect(propertiesOf('Service').CapacityProviderStrategy).toEqual([
      { CapacityProvider: 'FARGATE', Base: { Ref: 'MinTasks' }, Weight: 1 },
      { CapacityProvider: 'FARGATE_SPOT', Weight: { Ref: 'SpotWeight' } },
    ]);
    expect(propertiesOf('CapacityProviders').CapacityProviders).toEqual(['FARGATE', 'FARGATE_SPOT']);
  });

  it('goes back automatically from a version that fails, and never below what it has', () => {
    expect(propertiesOf('Service').DeploymentConfiguration).toEqual({
      MinimumHealthyPercent: 100,
      MaximumPercent: 200,
      DeploymentCircuitBreaker: { Enable: true, Rollback: true },
      Alarms: {
        Enable: { Ref: 'RollBackOnAlarm' },
        Rollback: { Ref: 'RollBackOnAlarm' },
        AlarmNames: [{ Ref: 'TargetErrorsAlarm' }],
      },
    });
    expect(Parameters['RollBackOnAlarm']?.Default).toBe('true');
    expect(propertiesOf('Service').AvailabilityZoneRebalancing).toBe('ENABLED');
    expect(propertiesOf('Repository')).toMatchObject({ ImageTagMutability: 'IMMUTABLE', ImageScanningConfiguration: { ScanOnPush: true } });
  });

  it('listens where the load balancer and its check look', () => {
    const port = 8080;
    expect(container.PortMappings).toMatchObject([{ ContainerPort: port }]);
    expect(container.Environment[0]).toEqual({ Name: 'PORT', Value: String(port) });
    expect(propertiesOf('Targets')).toMatchObject({ Port: port, Protocol: 'HTTP', TargetType: 'ip' });
    expect(propertiesOf('Service').LoadBalancers).toMatchObject([{ ContainerName: container.Name, ContainerPort: port }]);
    expect(propertiesOf('AlbSecurityGroup').SecurityGroupEgress).toMatchObject([{ FromPort: port, ToPort: port }]);
  });

  it('images expire by a policy that ECR can read', () => {
    const { rules } = JSON.parse(propertiesOf('Repository').LifecyclePolicy.LifecyclePolicyText) as {
      rules: { rulePriority: number; action: object }[];
    };
    expect(rules.map(({ rulePriority, action }) => [rulePriority, action])).toEqual([
      [1, { type: 'expire' }],
      [2, { type: 'expire' }],
    ]);
  });
});

describe('times', () => {
  const albAttributes = readAttributes(propertiesOf('LoadBalancer').LoadBalancerAttributes);
  const targets = readAttributes(propertiesOf('Targets').TargetGroupAttributes);
  const drainMs = 15_000;
  const graceMs = 10_000;

  it('idle connections live longer at the load balancer than at CloudFront', () => {
    for (const { CustomOriginConfig } of origins)
      expect(Number(albAttributes['idle_timeout.timeout_seconds'])).toBeGreaterThan(CustomOriginConfig.OriginKeepaliveTimeout);
  });

  it('nothing that a viewer waits for is cut off when a task goes', () => {
    for (const { CustomOriginConfig } of origins)
      expect(Number(targets['deregistration_delay.timeout_seconds'])).toBeGreaterThan(CustomOriginConfig.OriginReadTimeout);
    expect(propertiesOf('Task').ContainerDefinitions[0].StopTimeout * 1_000).toBeGreaterThan(drainMs + graceMs);
  });

  it('the flipper knows of a failed region before the load balancer counts its tasks as unhealthy', () => {
    const { intervalMs, fastIntervalMs, timeoutMs, unhealthyThreshold } = config.health;
    const flipperMs = intervalMs + (unhealthyThreshold - 1) * fastIntervalMs + unhealthyThreshold * timeoutMs;
    const { HealthCheckIntervalSeconds, UnhealthyThresholdCount, HealthCheckPath } = propertiesOf('Targets');
    expect(HealthCheckIntervalSeconds * UnhealthyThresholdCount * 1_000).toBeGreaterThan(flipperMs);
    expect(HealthCheckIntervalSeconds).toBe(30);
    expect(HealthCheckPath).toBe('/health');
    expect(Object.values(config.origins).flatMap(({ signals }) => signals)).toContainEqual(
      expect.objectContaining({ path: HealthCheckPath }),
    );
  });

  it('drops headers that are none, and keeps its switches to the stack’s', () => {
    expect(albAttributes).toMatchObject({
      'routing.http.drop_invalid_header_fields.enabled': 'true',
      'deletion_protection.enabled': { Ref: 'DeletionProtection' },
      'access_logs.s3.enabled': 'true',
    });
    expect(Parameters['DeletionProtection']?.Default).toBe('true');
  });
});

describe('the network', () => {
  it('has a public and a private subnet in each of two zones, the private ones with a way out of their own zone', () => {
    const zone = (index: number) => ({ 'Fn::Select': [index, { 'Fn::GetAZs': '' }] });
    for (const [letter, index] of [
      ['A', 0],
      ['B', 1],
    ] as const)
      for (const kind of ['Public', 'Private']) expect(propertiesOf(`${kind}Subnet${letter}`).AvailabilityZone).toEqual(zone(index));
    const parts = namesOf('AWS::EC2::Subnet').map((name) => propertiesOf(name).CidrBlock['Fn::Select'][0]);
    expect(parts).toEqual([0, 1, 2, 3]);
    expect(propertiesOf('PrivateWayOutA').NatGatewayId).toEqual({ Ref: 'NatGatewayA' });
    expect(propertiesOf('PrivateWayOutB').NatGatewayId).toEqual({
      'Fn::If': ['HasNatPerZone', { Ref: 'NatGatewayB' }, { Ref: 'NatGatewayA' }],
    });
    expect(propertiesOf('NatGatewayB').SubnetId).toEqual({ Ref: 'PublicSubnetB' });
    expect(Parameters['NatGateways']?.Default).toBe('per-zone');
  });

  it('gives each subnet one routing table, the private ones none that leads to the internet gateway', () => {
    const tables = Object.fromEntries(
      namesOf('AWS::EC2::SubnetRouteTableAssociation').map((name) => [
        propertiesOf(name).SubnetId.Ref,
        propertiesOf(name).RouteTableId.Ref,
      ]),
    );
    expect(tables).toEqual({
      PublicSubnetA: 'PublicRoutes',
      PublicSubnetB: 'PublicRoutes',
      PrivateSubnetA: 'PrivateRoutesA',
      PrivateSubnetB: 'PrivateRoutesB',
    });
    const toInternet = namesOf('AWS::EC2::Route').filter((name) => 'GatewayId' in propertiesOf(name));
    expect(toInternet.map((name) => propertiesOf(name).RouteTableId)).toEqual([{ Ref: 'PublicRoutes' }]);
    expect(propertiesOf('LoadBalancer').Subnets).toEqual([{ Ref: 'PublicSubnetA' }, { Ref: 'PublicSubnetB' }]);
  });
});

describe('the alarms', () => {
  const alarms = namesOf('AWS::CloudWatch::Alarm');

  it('have names that wake the flipper, and notify a topic, both ways', () => {
    const rule = openTemplate('infra/flipper.yaml').Resources['AlarmRule'];
    expect(rule?.Properties['EventPattern']).toMatchObject({ detail: { alarmName: [{ prefix: { Ref: 'SignalAlarmPrefix' } }] } });
    const prefix = String(Parameters['AlarmPrefix']?.Default);
    for (const name of alarms) {
      expect(propertiesOf(name)).toMatchObject({ AlarmActions: [{ Ref: 'Topic' }], OKActions: [{ Ref: 'Topic' }] });
      expect(propertiesOf(name).AlarmName).toEqual({ 'Fn::Sub': expect.stringMatching(/^\$\{AlarmPrefix\}\$\{OriginId\}-[a-z0-9-]+$/) });
    }
    const event = {
      source: 'aws.cloudwatch',
      'detail-type': 'CloudWatch Alarm State Change',
      detail: { alarmName: `${prefix}singapore-5xx` },
    };
    expect(parseTrigger(event)).toMatchObject({ trigger: 'alarm', alarm: 'failover-singapore-5xx' });
    expect(readFileSync('docs/detection.md', 'utf8')).toContain(`'${prefix}singapore-5xx'`);
  });

  it('count a region as down when no node of the load balancer sees a healthy task, and ignore a gap in the metric', () => {
    expect(propertiesOf('NoHealthyHostsAlarm')).toMatchObject({
      Statistic: 'Maximum',
      Threshold: 1,
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'missing',
      InsufficientDataActions: [{ Ref: 'Topic' }],
    });
    expect(propertiesOf('UnhealthyHostsAlarm')).toMatchObject({
      Statistic: 'Maximum',
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
    });
  });

  it('are all on the dashboard', () => {
    const [body] = propertiesOf('Dashboard').DashboardBody['Fn::Sub'];
    for (const name of alarms) expect(body).toContain(`\${${name}.Arn}`);
  });
});

it('hands on what the other parts ask for', () => {
  expect(region.Outputs).toMatchObject({
    AlbDomain: { Value: { 'Fn::GetAtt': 'LoadBalancer.DNSName' } },
    RepositoryUri: { Value: { 'Fn::GetAtt': 'Repository.RepositoryUri' } },
    ClusterName: { Value: { Ref: 'Cluster' } },
    ServiceName: { Value: { 'Fn::GetAtt': 'Service.Name' } },
    TargetGroupArn: { Value: { Ref: 'Targets' } },
    SignalAlarm: { Value: { Ref: 'NoHealthyHostsAlarm' } },
  });
});
