import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { parseProject } from '../../../src/config/environments.ts';
import { type DeployReference, DeployValue, deployJson, deployText, fillText } from '../../../src/emit/deploy-text.ts';
import { planDeployment } from '../../../src/emit/deployment.ts';
import { inputNamesOf } from '../../../src/emit/inputs.ts';
import edgeConfig from '../../fixtures/sample/edge.config.ts';

const distribution = readFileSync('test/fixtures/sample/distribution.json', 'utf8');
const sample = {
  config: parseEdgeConfig(edgeConfig),
  environment: undefined,
  distribution,
  parts: ['function', 'store', 'flipper'] as const,
};
const healthCheckId = '0123abcd-0123-0123-0123-0123456789ab';
const everySignal = parseEdgeConfig({
  ...edgeConfig,
  origins: {
    singapore: { region: 'ap-southeast-1', signals: [{ type: 'alarm', alarmName: 'singapore "down"' }] },
    europe: { region: 'eu-central-1', signals: [{ type: 'route53', healthCheckId }] },
  },
  notifications: [{ type: 'sns' }, { type: 'webhook', secretFrom: 'HOOK_KEY' }, { type: 'sns', topicArnFrom: 'OTHER_TOPIC' }],
});

describe('the deployment of the sample', () => {
  const { edgeFunction, store, associations, flipper, inputs } = planDeployment(sample);

  it('has function, store and the behaviors of distribution.json that run the function', () => {
    expect(edgeFunction).toMatchObject({ name: 'origin-router', codeFile: 'dist/functions/origin-router.js' });
    expect(edgeFunction?.keyValueStoreArn).toEqual([{ ref: 'storeArn' }]);
    expect(store).toMatchObject({ name: 'edge-health' });
    expect(associations.map(({ behavior }) => behavior)).toEqual(['default', '/api/*']);
  });

  it('gives the flipper each name that distribution.json needs, and secrets through the secret alone', () => {
    expect(Object.keys(flipper?.environment ?? {})).toEqual([
      'EDGE_KVS_ARN',
      'VIEWER_DOMAIN',
      'SINGAPORE_DOMAIN',
      'EUROPE_DOMAIN',
      'EDGE_SECRET_ARN',
      'FLIPPER_SHADOW',
      'FLIPPER_TOPIC_ARN',
    ]);
    expect(flipper?.secretKeys).toEqual(['ORIGIN_VERIFY_SECRET']);
    expect(
      inputs
        .filter(({ fallback }) => fallback === undefined)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['EuropeDomain', 'SecretArn', 'SingaporeDomain', 'ViewerDomain']);
  });

  it('shows each origin on the dashboard', () => {
    const { monitoring } = planDeployment({ ...sample, parts: ['monitoring'] });
    const body = JSON.parse(fillText(monitoring?.dashboard.body ?? '', () => 'x')) as {
      widgets: { properties: { metrics: unknown[][] } }[];
    };
    const origins = body.widgets.flatMap(({ properties }) =>
      properties.metrics.flatMap(([, , , , name, origin]) => (name === 'Origin' ? [origin] : [])),
    );
    expect(new Set(origins)).toEqual(new Set(['singapore', 'europe']));
  });
});

it('allows the flipper what its signals and notifications need, and no more', () => {
  const actions = (config: typeof everySignal) =>
    planDeployment({ ...sample, config }).flipper?.statements.flatMap((statement) => statement.actions) ?? [];
  const least = actions(sample.config);
  expect(actions(everySignal).filter((action) => !least.includes(action))).toEqual([
    'route53:GetHealthCheckStatus',
    'cloudwatch:DescribeAlarms',
    'sns:Publish',
  ]);
  const { flipper } = planDeployment({ ...sample, config: everySignal });
  expect(flipper?.statements.find(({ sid }) => sid === 'Notify')?.resources).toEqual([[{ ref: 'topicArn' }], [{ input: 'OtherTopic' }]]);
  expect(flipper?.secretKeys).toEqual(['ORIGIN_VERIFY_SECRET', 'FLIPPER_WEBHOOK_URL', 'HOOK_KEY']);
  expect(flipper?.signalAlarms).toEqual(['singapore "down"']);
});

it('has no template for two regions', () => {
  expect(() => planDeployment({ ...sample, parts: ['flipper', 'monitoring'] })).toThrow(expect.objectContaining({ code: 'USAGE' }));
  expect(() => planDeployment({ ...sample, parts: [] })).toThrow(expect.objectContaining({ code: 'USAGE' }));
});

it('needs no secret where no header and no webhook has one', () => {
  const config = parseEdgeConfig({
    origins: { a: { region: 'r', domainName: 'a.example.com' }, b: { region: 's', domainName: 'b.example.com' } },
    defaultOrder: ['a', 'b'],
    variables: { EDGE_KVS_ARN: 'arn:aws:cloudfront::111122223333:key-value-store/0123abcd-0123-0123-0123-0123456789ab' },
    distributions: [{ id: 'E2QWRUHEXAMPLE', behaviors: ['default', '/a/*'] }],
  });
  const { flipper, inputs, associations } = planDeployment({ config, environment: undefined, distribution: undefined, parts: ['flipper'] });
  expect(flipper?.environment).not.toHaveProperty('EDGE_SECRET_ARN');
  expect(flipper?.environment['EDGE_KVS_ARN']).toBe(config.variables['EDGE_KVS_ARN']);
  expect(inputs.map(({ name }) => name)).not.toContain('SecretArn');
  expect(inputs.map(({ name }) => name)).not.toContain('KeyValueStoreArn');
  expect(associations).toEqual([
    { distributionId: 'E2QWRUHEXAMPLE', behavior: 'default', eventType: 'viewer-request' },
    { distributionId: 'E2QWRUHEXAMPLE', behavior: '/a/*', eventType: 'viewer-request' },
  ]);
});

it('keeps two environments apart', () => {
  const written = {
    ...edgeConfig,
    environments: { staging: { functionName: 'router-staging', keyPrefix: 'staging' }, prod: { accountId: '111122223333' } },
  };
  const [staging, prod] = ['staging', 'prod'].map((environment) => {
    const { config } = parseProject(written, { EDGE_ENV: environment });
    return planDeployment({ ...sample, config, environment });
  });
  const names = (deployment: typeof staging) => [
    deployment?.edgeFunction?.name,
    deployment?.edgeFunction?.codeFile,
    deployment?.inputs.find(({ name }) => name === 'FlipperName')?.fallback,
    deployment?.flipper?.environment['EDGE_ENV'],
    deployment?.accountId,
  ];
  expect(names(staging)).toEqual([
    'router-staging',
    'dist/functions/staging/origin-router.js',
    'edge-flipper-staging',
    'staging',
    undefined,
  ]);
  expect(names(prod)).toEqual(['origin-router', 'dist/functions/prod/origin-router.js', 'edge-flipper-prod', 'prod', '111122223333']);
});

describe('text with references', () => {
  const region: DeployReference = { ref: 'region' };

  it('joins what is known and keeps what is not', () => {
    expect(deployText`a${'b'}c`).toBe('abc');
    expect(deployText`a-${region}-${deployText`x${region}`}`).toEqual(['a-', region, '-x', region]);
  });

  it('is text inside JSON', () => {
    const json = deployJson({ a: ['"', new DeployValue(deployText`in ${region}`)] });
    expect(json).toEqual(['{"a":["\\"","in ', region, '"]}']);
    expect(JSON.parse(fillText(json, () => 'eu-west-1'))).toEqual({ a: ['"', 'in eu-west-1'] });
  });
});

it('never gives two variables one input', () => {
  const names = inputNamesOf(['A_B', 'AB', 'A__B', 'SUBNET_IDS', 'ORIGIN_1', 'ORIGIN1']);
  expect([...names]).toEqual([
    ['A_B', 'AB'],
    ['AB', 'AbV2'],
    ['A__B', 'ABV3'],
    ['SUBNET_IDS', 'SubnetIdsV2'],
    ['ORIGIN_1', 'Origin1'],
    ['ORIGIN1', 'Origin1V2'],
  ]);
});
