import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { listItems, namesOf, propertiesOf, region } from './open-region.ts';

const { Resources, Parameters } = region;
const { Origins } = JSON.parse(readFileSync('test/fixtures/sample/distribution.json', 'utf8')) as {
  Origins: {
    Items: {
      CustomHeaders: { Items: { HeaderName: string; HeaderValue: string }[] };
      CustomOriginConfig: { HTTPSPort: number; OriginProtocolPolicy: string };
    }[];
  };
};
const origins = Origins.Items;

interface Rule {
  FromPort: unknown;
  ToPort: unknown;
  CidrIp?: unknown;
  SourcePrefixListId?: unknown;
  SourceSecurityGroupId?: unknown;
}

describe('what may connect', () => {
  const ingress = (group: string) => listItems(propertiesOf(group).SecurityGroupIngress) as Rule[];
  const port = origins[0]?.CustomOriginConfig.HTTPSPort;

  it('CloudFront, on the port that it connects to, and no other client by default', () => {
    expect(origins.map(({ CustomOriginConfig }) => [CustomOriginConfig.HTTPSPort, CustomOriginConfig.OriginProtocolPolicy])).toEqual([
      [port, 'https-only'],
      [port, 'https-only'],
    ]);
    expect(ingress('AlbSecurityGroup')).toEqual([
      { IpProtocol: 'tcp', FromPort: port, ToPort: port, SourcePrefixListId: { Ref: 'CloudFrontPrefixListId' }, Description: 'CloudFront' },
    ]);
    expect(propertiesOf('LoadBalancer').SecurityGroups).toEqual([
      { Ref: 'AlbSecurityGroup' },
      { 'Fn::If': ['AdmitsProbes', { Ref: 'ProbeSecurityGroup' }, { Ref: 'AWS::NoValue' }] },
    ]);
    expect(Parameters['ProbePrefixListId']?.Default).toBe('');
    expect(Parameters['CloudFrontPrefixListId']).not.toHaveProperty('Default');
  });

  it('no address range anywhere: each rule names a prefix list or a security group', () => {
    for (const name of namesOf('AWS::EC2::SecurityGroup')) {
      const rules = ingress(name);
      expect([name, rules.length]).toEqual([name, 1]);
      for (const rule of rules) {
        expect([name, Object.keys(rule)]).toEqual([name, expect.not.arrayContaining(['CidrIp', 'CidrIpv6'])]);
        expect(rule.SourcePrefixListId ?? rule.SourceSecurityGroupId).toBeDefined();
      }
    }
    expect(namesOf('AWS::EC2::SecurityGroupIngress')).toEqual([]);
  });

  it('fits into the rules that a security group may have, with a prefix list that counts as 55', () => {
    for (const name of namesOf('AWS::EC2::SecurityGroup')) {
      const weight = ingress(name).reduce((sum, rule) => sum + (rule.SourcePrefixListId === undefined ? 1 : 55), 0);
      expect([name, weight <= 60]).toEqual([name, true]);
    }
  });

  it('the tasks through the load balancer only, without an address of their own', () => {
    expect(ingress('TaskSecurityGroup')).toMatchObject([
      { FromPort: 8080, ToPort: 8080, SourceSecurityGroupId: { Ref: 'AlbSecurityGroup' } },
    ]);
    expect(propertiesOf('Service').NetworkConfiguration.AwsvpcConfiguration).toEqual({
      AssignPublicIp: 'DISABLED',
      Subnets: [{ Ref: 'PrivateSubnetA' }, { Ref: 'PrivateSubnetB' }],
      SecurityGroups: [{ Ref: 'TaskSecurityGroup' }],
    });
  });

  it('lets out no group to everywhere on every port', () => {
    for (const name of namesOf('AWS::EC2::SecurityGroup')) {
      const rules = listItems(propertiesOf(name).SecurityGroupEgress) as Rule[];
      // Without a rule of its own a group lets everything out.
      expect([name, rules.length > 0]).toEqual([name, true]);
      for (const rule of rules) expect([name, rule.FromPort]).toEqual([name, rule.ToPort]);
    }
  });
});

describe('the listener', () => {
  it('speaks TLS 1.2 and 1.3 and nothing in the clear', () => {
    expect(namesOf('AWS::ElasticLoadBalancingV2::Listener')).toEqual(['Listener']);
    expect(propertiesOf('Listener')).toMatchObject({ Protocol: 'HTTPS', Port: 443, SslPolicy: 'ELBSecurityPolicy-TLS13-1-2-2021-06' });
  });

  it('refuses by default', () => {
    expect(propertiesOf('Listener').DefaultActions).toMatchObject([{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '403' } }]);
  });

  it('forwards only what carries the distribution’s header, with one of two values from Secrets Manager', () => {
    const header = origins[0]?.CustomHeaders.Items.find(({ HeaderValue }) => HeaderValue.includes('ORIGIN_VERIFY_SECRET'))?.HeaderName;
    const rules = namesOf('AWS::ElasticLoadBalancingV2::ListenerRule').map((name) => propertiesOf(name));
    expect(rules.map(({ Actions }) => Actions)).toEqual([[{ Type: 'forward', TargetGroupArn: { Ref: 'Targets' } }]]);
    const [{ Conditions }] = rules;
    expect(Conditions).toEqual([
      { Field: 'http-header', HttpHeaderConfig: { HttpHeaderName: header, Values: [expect.anything(), expect.anything()] } },
    ]);
    const values = Conditions[0].HttpHeaderConfig.Values.map((value: { 'Fn::Sub': string }) => value['Fn::Sub']);
    expect(new Set(values).size).toBe(2);
    for (const value of values)
      expect(value).toMatch(
        /^\{\{resolve:secretsmanager:\$\{SecretArn\}:SecretString:ORIGIN_VERIFY_SECRET(_PREVIOUS)?::\$\{SecretVersionId\}\}\}$/,
      );
  });
});

describe('secrets', () => {
  it('reach the container as references, and nothing that is named like one is in its environment', () => {
    const [container] = propertiesOf('Task').ContainerDefinitions;
    const names = (list: unknown) => listItems(list).map((entry) => (entry as { Name: string }).Name);
    expect(names(container.Secrets)).toEqual(['DATABASE_URL', 'ORIGIN_VERIFY_SECRET']);
    for (const secret of listItems(container.Secrets))
      expect(secret).toMatchObject({ ValueFrom: { 'Fn::Sub': expect.stringMatching(/^\$\{SecretArn\}:[A-Z_]+::\$\{SecretVersionId\}$/) } });
    expect(names(container.Environment)).toEqual([
      'PORT',
      'AWS_REGION',
      'UPSTREAM_BASE_URL',
      'UPSTREAM_ALLOWED_REGIONS',
      'DATABASE_POOLER_HOST',
      'DATABASE_POOLER_PORT',
    ]);
    expect(JSON.stringify(container.Environment)).not.toContain('resolve:');
  });

  it('are no parameter, and are resolved nowhere but in the listener’s rule', () => {
    for (const [name, { Default }] of Object.entries(Parameters))
      if (/secret|password|token/i.test(name))
        expect([name, /^(Secret(Arn|VersionId|KmsKeyArn))$/.test(name), Default ?? '']).toEqual([name, true, '']);
    for (const [name, { Properties }] of Object.entries(Resources))
      if (name !== 'ForwardRule') expect([name, JSON.stringify(Properties)]).toEqual([name, expect.not.stringContaining('{{resolve:')]);
    expect(JSON.stringify(region.Outputs)).not.toContain('{{resolve:');
  });
});

describe('the roles', () => {
  interface Statement {
    Effect: string;
    Action: string | string[];
    Resource: unknown;
    Condition?: object;
  }
  const statements = (role: string): Statement[] =>
    listItems(propertiesOf(role).Policies ?? []).flatMap(
      (policy) => (policy as { PolicyDocument: { Statement: Statement[] } }).PolicyDocument.Statement,
    );

  it('are these two, and take no managed policy', () => {
    expect(namesOf('AWS::IAM::Role')).toEqual(['ExecutionRole', 'TaskRole']);
    for (const name of namesOf('AWS::IAM::Role')) expect(propertiesOf(name)).not.toHaveProperty('ManagedPolicyArns');
    for (const type of ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy']) expect(namesOf(type)).toEqual([]);
  });

  it('may do these things, on named resources, except for the one call without a resource', () => {
    expect(statements('ExecutionRole').map(({ Action, Resource }) => [Action, Resource])).toEqual([
      ['ecr:GetAuthorizationToken', '*'],
      [['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'], { 'Fn::GetAtt': 'Repository.Arn' }],
      [['logs:CreateLogStream', 'logs:PutLogEvents'], { 'Fn::GetAtt': 'Log.Arn' }],
      ['secretsmanager:GetSecretValue', { Ref: 'SecretArn' }],
      ['kms:Decrypt', { Ref: 'SecretKmsKeyArn' }],
    ]);
    expect(statements('ExecutionRole').every(({ Effect }) => Effect === 'Allow')).toBe(true);
    expect(statements('TaskRole')).toEqual([]);
  });

  it('are taken by ECS alone', () => {
    for (const name of namesOf('AWS::IAM::Role'))
      expect(propertiesOf(name).AssumeRolePolicyDocument.Statement).toMatchObject([
        { Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' },
      ]);
  });
});
