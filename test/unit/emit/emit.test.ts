import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { type EmitRequest, emit, emitFormats } from '../../../src/emit/emit.ts';
import { buildRolePolicies } from '../../../src/emit/role-policies.ts';
import { infraPages } from '../../docs/infra-pages.ts';
import edgeConfig from '../../fixtures/sample/edge.config.ts';
import { checkTemplate } from '../../templates/check-template.ts';
import { openResourceSchema } from '../../templates/resource-schema.ts';

const open = (name: string) => `\${${name}}`;
const schema = openResourceSchema();
const distribution = readFileSync('test/fixtures/sample/distribution.json', 'utf8');
const healthCheckId = '0123abcd-0123-0123-0123-0123456789ab';
const storeArn = `arn:aws:cloudfront::111122223333:key-value-store/${healthCheckId}`;
const formatOf = (name: string) => emitFormats[name] ?? expect.fail(`no format ${name}`);
const request: EmitRequest = {
  config: parseEdgeConfig(edgeConfig),
  environment: undefined,
  distribution,
  only: undefined,
  out: undefined,
  code: 'path',
  buildFunction: async () => "import cf from 'cloudfront';\nasync function handler(event) { return `" + open('event.request.uri') + '`; }',
};

it.each(Object.entries(infraPages))(
  '%s is what the sample gives: npm run docs writes it',
  async (path, write) => {
    expect(readFileSync(path, 'utf8')).toBe(await write());
  },
  30_000,
);

const odd = (more: object) =>
  parseEdgeConfig({
    origins: {
      home: {
        region: 'the "North"',
        originId: `it's-"${open('b')}`,
        domainName: 'home.example.com',
        headers: { 'x-key': open('HOME_KEY') },
      },
      second: { region: 'eu-west-1', domainName: 'second.example.com' },
      third: { region: 'us-west-1', domainName: 'third.example.com' },
    },
    services: [
      { name: 'shop', paths: ['/shop/*'], order: ['home', 'second'], routes: [] },
      { name: 'api', paths: ['/api/*'], order: ['third', 'home'], routes: [] },
    ],
    ...more,
  });

const signals = [
  { type: 'alarm', alarmName: `ünïcode "quoted" ${open('NotAName')} ${open('!x')} \\ 日本`, region: 'eu-west-1' },
  { type: 'route53', healthCheckId },
];

describe.each([
  { when: 'the sample', of: {} },
  { when: 'three origins and two services, without distribution.json', of: { config: odd({}), distribution: undefined } },
  {
    when: 'odd names, every signal and notification, two distributions',
    of: {
      config: odd({
        origins: {
          home: { region: 'r', domainName: 'a.example.com', signals },
          second: { region: 'eu-west-1', domainName: 'b.example.com' },
          third: { region: 'us-west-1', domainName: 'c.example.com' },
        },
        keyPrefix: 'staging',
        notifications: [{ type: 'sns' }, { type: 'sns', topicArnFrom: 'TEAM_TOPIC' }, { type: 'webhook', secretFrom: 'HOOK_KEY' }],
        variables: { EDGE_KVS_ARN: storeArn },
        distributions: [
          { id: 'E2QWRUHEXAMPLE', behaviors: ['default', '/a"b\'*'] },
          { id: 'E3QWRUHEXAMPLE', behaviors: ['default'] },
        ],
      }),
      environment: 'staging',
      distribution: undefined,
    },
  },
])('a template of $when', ({ of }) => {
  const asked = { ...request, ...of };

  it.each([['function', 'store', 'flipper'], ['function'], ['store'], ['flipper'], ['function', 'flipper'], ['monitoring']])(
    'is what AWS’s schemas and its own names allow: %s %s %s',
    async (...only) => {
      const parts = only.filter((part) => part !== undefined);
      const { text, value } = await emit(formatOf('cloudformation'), { ...asked, only: parts });
      const { problems, resources } = checkTemplate(text, schema);
      expect(problems).toEqual([]);
      expect(resources).toBeGreaterThan(0);
      // The same with both spellings of its functions.
      expect(checkTemplate(JSON.stringify(value), schema).problems).toEqual([]);
      expect((await emit(formatOf('cloudformation'), { ...asked, only: parts })).text).toBe(text);
    },
  );

  it('is the same in YAML and JSON, each text as it was written', async () => {
    const { text, value } = await emit(formatOf('cloudformation'), asked);
    const plain = (name: string, tag: string) => ({
      tag,
      identify: () => false,
      ...(name === 'seq' ? { collection: 'seq' as const } : {}),
      resolve: (node: unknown) => ({
        [tag === '!Ref' ? 'Ref' : `Fn::${tag.slice(1)}`]:
          typeof node === 'string' ? (tag === '!GetAtt' ? node.split('.') : node) : JSON.parse(JSON.stringify(node)),
      }),
    });
    const tags = [
      ...['!Ref', '!Sub', '!GetAtt'].map((tag) => plain('scalar', tag)),
      ...['!If', '!Not', '!Equals', '!Join', '!And'].map((tag) => plain('seq', tag)),
    ];
    expect(parse(text, { customTags: tags as never, version: '1.1', schema: 'yaml-1.1' })).toEqual(value);
  });
});

describe('parts', () => {
  it('names the object in S3 by parameters', async () => {
    const { value } = await emit(formatOf('cloudformation'), { ...request, only: ['flipper'], code: 's3' });
    expect(value).toMatchObject({
      Parameters: { CodeBucket: { Type: 'String' }, CodeKey: { Type: 'String' } },
      Resources: { Function: { Properties: { Code: { S3Bucket: { Ref: 'CodeBucket' }, S3Key: { Ref: 'CodeKey' } } } } },
    });
  });

  it.each([
    { out: undefined, path: 'dist/flipper.zip' },
    { out: 'edge.yaml', path: 'dist/flipper.zip' },
    { out: 'infra/a/edge.yaml', path: '../../dist/flipper.zip' },
  ])('finds the zip from $out: $path', async ({ out, path }) => {
    const { value } = await emit(formatOf('cloudformation'), { ...request, only: ['flipper'], out });
    expect(value).toMatchObject({ Resources: { Function: { Properties: { Code: path } } } });
  });

  it('are those of the format', async () => {
    await expect(emit(formatOf('iam'), { ...request, only: ['operators'] })).rejects.toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining('operator'),
    });
  });

  it('build the function only where its code is needed', async () => {
    const buildFunction = () => Promise.reject(new Error('built'));
    await emit(formatOf('cloudformation'), { ...request, only: ['flipper', 'store'], buildFunction });
    await expect(emit(formatOf('cloudformation'), { ...request, buildFunction })).rejects.toThrow('built');
  });

  it('say when a template is too long to be deployed from a file', async () => {
    const { notes } = await emit(formatOf('cloudformation'), { ...request, buildFunction: async () => 'x'.repeat(52_000) });
    expect(notes.join()).toContain('--s3-bucket');
  });
});

describe('policies', () => {
  it('of one role are the document itself; of several one for each', async () => {
    const one = await emit(formatOf('iam'), { ...request, only: ['operator'] });
    expect(JSON.parse(one.text)).toMatchObject({ Version: '2012-10-17' });
    const two = await emit(formatOf('iam'), { ...request, only: ['operator', 'reader'] });
    expect(Object.keys(JSON.parse(two.text))).toEqual(['operator', 'reader']);
    expect(Object.keys(two.files ?? {})).toEqual(['operator.json', 'reader.json']);
  });

  it('name what the configuration knows, and no placeholder for it', () => {
    const config = odd({
      accountId: '111122223333',
      functionName: 'shop',
      variables: { EDGE_KVS_ARN: storeArn, TOPIC: 'arn:aws:sns:eu-west-1:111122223333:flips' },
      notifications: [{ type: 'sns', topicArnFrom: 'TOPIC' }],
      distributions: [{ id: 'E2QWRUHEXAMPLE', behaviors: ['default'] }],
    });
    const { operator, publisher, flipper } = buildRolePolicies(config);
    expect(JSON.stringify([operator, flipper])).not.toContain('${');
    expect(flipper.Statement.map(({ Sid }) => Sid)).toEqual(['MoveTraffic', 'Notify']);
    expect(
      JSON.stringify(publisher)
        .match(/\$\{\w+\}/g)
        ?.every((name) => name === open('EDGE_STAGING_DISTRIBUTION_ID')),
    ).toBe(true);
  });
});
