import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkTemplate } from '../../templates/check-template.ts';
import { openResourceSchema } from '../../templates/resource-schema.ts';

const schema = openResourceSchema();
const files = readdirSync('infra').filter((name) => name.endsWith('.yaml'));
const read = (file: string) => readFileSync(`infra/${file}`, 'utf8');

/** A template with one line changed. */
function spoil(file: string, from: string | RegExp, to: string): string {
  const text = read(file);
  const spoiled = text.replace(from, to);
  expect(spoiled).not.toBe(text);
  return spoiled;
}

describe('the templates of infra/', () => {
  it.each(files)('%s is what AWS’s schemas and its own names allow', (file) => {
    const { resources, problems } = checkTemplate(read(file), schema);
    expect(problems).toEqual([]);
    expect(resources).toBeGreaterThan(0);
  });
});

describe('a spoiled template', () => {
  it.each([
    // Against AWS's schemas.
    [
      'a resource type',
      'region.yaml',
      'AWS::ECS::Service',
      'AWS::ECS::Servce',
      'Resources.Service: AWS has no resource type AWS::ECS::Servce',
    ],
    ['a property', 'region.yaml', 'SslPolicy:', 'SSLPolicy:', 'there is no property SSLPolicy; did you mean SslPolicy?'],
    ['a property deep inside', 'region.yaml', 'SourcePrefixListId: !Ref Cl', 'PrefixListId: !Ref Cl', 'there is no property PrefixListId'],
    ['a required property', 'region.yaml', '      Priority: 1\n', '', 'Resources.ForwardRule.Properties: Priority is missing'],
    ['a required property of a list item', 'region.yaml', '- Type: forward\n          ', '- ', 'Actions.0: Type is missing'],
    [
      'a key of a resource',
      'region.yaml',
      'DependsOn: PublicWayOut',
      'DependOn: PublicWayOut',
      'there is no key of a resource DependOn; did you mean DependsOn?',
    ],
    ['one of a few words', 'region.yaml', 'AvailabilityZoneRebalancing: ENABLED', 'AvailabilityZoneRebalancing: ON', 'must be'],
    ['a word of tag mutability', 'region.yaml', 'IMMUTABLE', 'FROZEN', 'ImageTagMutability: must be one of'],
    ['a number', 'region.yaml', 'StopTimeout: 30', 'StopTimeout: thirty', 'StopTimeout: must be a whole number, found "thirty"'],
    ['a number in a parameter', 'region.yaml', 'Default: 20\n', 'Default: many\n', 'MaxCapacity: must be a whole number'],
    ['a switch', 'region.yaml', 'ReadonlyRootFilesystem: true', "ReadonlyRootFilesystem: 'yes'", 'must be true or false'],
    [
      'a list',
      'region.yaml',
      'Subnets: [!Ref PublicSubnetA, !Ref PublicSubnetB]',
      'Subnets: public',
      'LoadBalancer.Properties.Subnets: must be a list',
    ],
    ['a list for a single value', 'region.yaml', "!Select [0, !GetAZs '']", "!GetAZs ''", 'AvailabilityZone: must be a single value'],
    ['a mapping', 'region.yaml', "Matcher: { HttpCode: '200' }", "Matcher: '200'", 'Matcher: must be a mapping'],
    [
      'a branch of a condition',
      'region.yaml',
      'Key: access_logs.s3.bucket, Value',
      'Key: access_logs.s3.bucket, Valu',
      'there is no property Valu',
    ],
    [
      'an attribute',
      'region.yaml',
      '!GetAtt LoadBalancer.DNSName',
      '!GetAtt LoadBalancer.DnsName',
      'there is no attribute of AWS::ElasticLoadBalancingV2::LoadBalancer DnsName; did you mean DNSName?',
    ],
    ['an attribute inside a text', 'region.yaml', '{Service.Name}', '{Service.Nam}', 'there is no attribute of AWS::ECS::Service Nam'],
    ['a name of another file', 'flipper.yaml', 'Timeout: 58', 'TimeOut: 58', 'there is no property TimeOut; did you mean Timeout?'],
    // Against its own names.
    [
      'a reference',
      'region.yaml',
      '!Ref SecretKmsKeyArn\n                  Cond',
      '!Ref SecretKeyArn\n                  Cond',
      'there is no parameter or resource SecretKeyArn',
    ],
    [
      'a reference inside a text',
      'region.yaml',
      '{Repository.RepositoryUri}:',
      '{Registry.RepositoryUri}:',
      'there is no parameter or resource Registry',
    ],
    [
      'a reference inside a dashboard',
      'monitoring.yaml',
      '{FlipperRegion}',
      '{FliperRegion}',
      'there is no parameter or resource FliperRegion; did you mean FlipperRegion?',
    ],
    [
      'a condition',
      'region.yaml',
      'Condition: HasEmail',
      'Condition: HasMail',
      'Resources.EmailSubscription: there is no condition HasMail; did you mean HasEmail?',
    ],
    [
      'the condition of a branch',
      'region.yaml',
      '!If [HasUpstream',
      '!If [HasUpstrem',
      'there is no condition HasUpstrem; did you mean HasUpstream?',
    ],
    [
      'what another waits for',
      'region.yaml',
      'DependsOn: [ForwardRule',
      'DependsOn: [Forward',
      'Resources.Service.DependsOn: there is no resource Forward',
    ],
    ['a parameter in a condition', 'region.yaml', '!Equals [!Ref NatGateways', '!Equals [!Ref NatGateway', 'Conditions.HasNatPerZone'],
    [
      'a rule',
      'monitoring.yaml',
      '!Equals [ !Ref AWS::Region',
      '!Equals [ !Ref Region',
      'Rules.WhereCloudFrontsMetricsAre.Assertions.0.Assert.0: there is no parameter Region',
    ],
    [
      'what is only there sometimes',
      'region.yaml',
      '!If [HasNatPerZone, !Ref NatGatewayB',
      '!If [HasEmail, !Ref NatGatewayB',
      'NatGatewayB is only there when HasNatPerZone holds',
    ],
    [
      'what is only there in the other branch',
      'region.yaml',
      '!Ref NatGatewayB, !Ref NatGatewayA',
      '!Ref NatGatewayA, !Ref NatGatewayB',
      'NatGatewayB is only there when HasNatPerZone holds',
    ],
    [
      'an output of what is only there sometimes',
      'region.yaml',
      '    Condition: HasImage\n    Value',
      '    Value',
      'Outputs.ServiceName.Value: Service is only there when HasImage holds',
    ],
    [
      'a parameter that is of no use',
      'region.yaml',
      'Value: !Ref DeletionProtection',
      "Value: 'true'",
      'Parameters.DeletionProtection: nothing uses it',
    ],
    [
      'a default that its own rules refuse',
      'region.yaml',
      'Default: per-zone',
      'Default: both',
      'Parameters.NatGateways: its own rules refuse its default "both"',
    ],
    ['a default outside its bounds', 'region.yaml', 'Default: 1000', 'Default: 0', 'Parameters.RequestsPerTask: its own rules refuse'],
    // Alarms and dashboards that would show nothing.
    [
      'an alarm’s metric',
      'region.yaml',
      'MetricName: HTTPCode_ELB_5XX_Count',
      'MetricName: HTTPCode_ELB_5xx',
      'no service writes a metric AWS/ApplicationELB HTTPCode_ELB_5xx',
    ],
    [
      'an alarm’s dimensions',
      'region.yaml',
      /( {6}MetricName: HTTPCode_Target_5XX_Count\n {6}Dimensions:\n).*\n/,
      '$1',
      'has no value with the dimensions TargetGroup',
    ],
    [
      'the dimension that is always the same',
      'monitoring.yaml',
      'Name: Region, Value: Global',
      'Name: Region, Value: us-east-1',
      'has no value with the dimensions',
    ],
    ['a statistic', 'monitoring.yaml', 'Statistic: Average', 'Statistic: Mean', '"Mean" is not a statistic'],
    ['a dashboard’s JSON', 'region.yaml', '"widgets": [', '"widgets": [,', 'DashboardBody is not JSON'],
    [
      'a dashboard’s metric',
      'region.yaml',
      '"AWS/ECS", "CPUUtilization"',
      '"AWS/ECS", "CpuUtilization"',
      'no service writes a metric AWS/ECS CpuUtilization',
    ],
    [
      'a metric of the flipper',
      'monitoring.yaml',
      '"EdgeFailover","Flips"',
      '"EdgeFailover","Flip"',
      'no service writes a metric EdgeFailover Flip',
    ],
    [
      'the dimensions of a metric of the flipper',
      'monitoring.yaml',
      /(?<="Weight","Flipper","[^"]+"),"Origin","[^"]+"/,
      '',
      'Weight has no value with the dimensions Flipper; it has with Flipper+Origin',
    ],
    [
      'a metric of the edge function',
      'monitoring.yaml',
      '"FunctionThrottles"',
      '"FunctionThrottle"',
      'no service writes a metric AWS/CloudFront FunctionThrottle',
    ],
    [
      'the place of a widget',
      'monitoring.yaml',
      '"x":12,"y":0,"width":12',
      '"x":12,"y":0,"width":13',
      'must lie inside a grid of 24 columns',
    ],
    ['a widget over another', 'monitoring.yaml', '"x":8,"y":6', '"x":7,"y":6', 'lies over another widget'],
    ['the region of a widget', 'monitoring.yaml', '"region":"us-east-1",', '', 'a metric widget needs its region'],
    // No template at all.
    ['its YAML', 'region.yaml', 'Parameters:\n', 'Parameters: [\n', 'at line'],
    ['one name twice', 'region.yaml', '  InternetGateway:\n', '  Vpc:\n', 'Map keys must be unique'],
    ['a function that CloudFormation has not', 'region.yaml', '!GetAtt Log.Arn', '!GetAttribute Log.Arn', 'Unresolved tag: !GetAttribute'],
    ['its resources', 'alarm-forwarding.yaml', 'Resources:', 'Resource:', 'is not a template'],
  ])('finds %s', (_what, file, from, to, problem) => {
    const { problems } = checkTemplate(spoil(file, from, to), schema);
    expect(problems.join('\n')).toContain(problem);
  });
});

it('takes whatever is not a template for problems, and falls over nothing', () => {
  const body = {
    widgets: [
      { type: 'metric', x: 0, y: 0, width: 1, height: 1, properties: { region: 'r', metrics: [['AWS/ECS', 'x', { stat: 'p9' }]] } },
    ],
  };
  const whole = {
    Parameters: { P: { Type: 'String', Default: 'd', AllowedValues: ['d'], AllowedPattern: 'd' } },
    Conditions: { C: { 'Fn::Equals': [{ Ref: 'P' }, 'd'] } },
    Resources: {
      A: {
        Type: 'AWS::CloudWatch::Alarm',
        Condition: 'C',
        DependsOn: ['D'],
        Properties: { AlarmActions: { 'Fn::If': ['C', [{ Ref: 'P' }], { Ref: 'AWS::NoValue' }] }, Dimensions: [{ Name: 'n', Value: 'v' }] },
      },
      D: {
        Type: 'AWS::CloudWatch::Dashboard',
        Properties: { DashboardBody: { 'Fn::Sub': [JSON.stringify(body), { N: { 'Fn::GetAtt': 'A.Arn' } }] } },
      },
    },
    Outputs: { O: { Value: { 'Fn::GetAtt': ['A', 'Arn'] } } },
  };
  let tried = 0;
  const spoilEach = (value: unknown, put: (replacement: unknown) => unknown, check: (spoiled: unknown) => void) => {
    for (const odd of [null, 'x', 7, [], [null], {}]) check(put(odd));
    if (typeof value !== 'object' || value === null) return;
    for (const [key, item] of Object.entries(value))
      spoilEach(item, (odd) => put(Array.isArray(value) ? value.with(Number(key), odd) : { ...value, [key]: odd }), check);
  };
  spoilEach(
    whole,
    (odd) => odd,
    (spoiled) => {
      tried++;
      expect(checkTemplate(JSON.stringify(spoiled), schema).problems).toBeInstanceOf(Array);
    },
  );
  spoilEach(
    body,
    (odd) => odd,
    (spoiled) => {
      tried++;
      const D = { Type: 'AWS::CloudWatch::Dashboard', Properties: { DashboardBody: JSON.stringify(spoiled) } };
      expect(checkTemplate(JSON.stringify({ Resources: { D } }), schema).problems).not.toEqual([]);
    },
  );
  expect(tried).toBeGreaterThan(200);
});

it('finds a template that is too long to be deployed from its file', () => {
  const text = read('alarm-forwarding.yaml');
  const padded = (bytes: number) => `${text}#${'x'.repeat(bytes - text.length - 2)}\n`;
  expect(checkTemplate(padded(51_200), schema).problems).toEqual([]);
  expect(checkTemplate(padded(51_201), schema).problems).toEqual(['has 51201 bytes; CloudFormation takes 51200 from a file']);
});

describe('a parameter’s value', () => {
  const template = (parameter: string, property: string) => `
Parameters:
  Given: ${parameter}
Resources:
  Service: { Type: AWS::ECS::Service, Properties: { ${property} } }
`;
  const word = 'AvailabilityZoneRebalancing: !Ref Given';
  const list = 'NetworkConfiguration: { AwsvpcConfiguration: { Subnets: !Ref Given } }';

  it.each([
    ['{ Type: String, AllowedValues: [ENABLED, DISABLED] }', word, []],
    ['{ Type: String, AllowedValues: [ENABLED, OFF] }', word, ['must be one of ENABLED, DISABLED, found "OFF"']],
    ['{ Type: String, Default: ON }', word, ['must be one of ENABLED, DISABLED, found "ON"']],
    ['{ Type: CommaDelimitedList }', word, ['must be a single value, found {"Ref":"Given"}']],
    ['{ Type: CommaDelimitedList, Default: "a,b" }', list, []],
    ['{ Type: "List<AWS::EC2::Subnet::Id>" }', list, []],
    ['{ Type: String }', list, ['must be a list, found {"Ref":"Given"}']],
  ])('%s must do in %s', (parameter, property, problems) => {
    const found = checkTemplate(template(parameter, property), schema);
    expect(found).toEqual({ resources: 1, problems: problems.map((problem) => expect.stringContaining(problem)) });
  });

  it('may be none at all, wherever one is allowed', () => {
    const nothing = '!If [Is, !Ref AWS::NoValue, !Ref AWS::NoValue]';
    const { problems } = checkTemplate(
      `
Conditions: { Is: !Equals [a, a] }
Resources:
  Role: { Type: AWS::IAM::Role, Properties: { AssumeRolePolicyDocument: {}, ManagedPolicyArns: ${nothing}, Description: ${nothing} } }
  Service: { Type: AWS::ECS::Service, Properties: { NetworkConfiguration: ${nothing} } }
`,
      schema,
    );
    expect(problems).toEqual([]);
  });
});
