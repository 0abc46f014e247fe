import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { afterAll, describe, expect, it } from 'vitest';
import { type EdgeConfigInput, parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { buildLocalDistribution, loadDistribution } from '../../../src/config/load-distribution.ts';

const folder = mkdtempSync(join(tmpdir(), 'no-distribution-'));
afterAll(() => rmSync(folder, { recursive: true }));
const env = { EDGE_PROJECT: folder };
const configure = (more: Partial<EdgeConfigInput> = {}) =>
  parseEdgeConfig({
    origins: {
      one: { originId: 'Stack1', region: 'eu-west-1', domainName: 'one.example.com' },
      two: { originId: 'Stack2', region: 'eu-central-1', domainName: 'two.example.com', protocol: 'http', port: 8080 },
    },
    defaultOrder: ['one', 'two'],
    distributions: [{ id: 'E1', behaviors: ['/api/*'] }],
    ...more,
  });
const unplaced = { origins: { one: { originId: 'Stack1', region: 'eu-west-1' }, two: { originId: 'Stack2', region: 'eu-central-1' } } };
const live = {
  Origins: {
    Quantity: 3,
    Items: [
      { Id: 'bucket', DomainName: 'b.s3.amazonaws.com' },
      {
        Id: 'Stack1',
        DomainName: 'live-one.example.com',
        CustomHeaders: { Quantity: 1, Items: [{ HeaderName: 'X-Key', HeaderValue: 'k' }] },
      },
      { Id: 'Stack2', DomainName: 'live-two.example.com' },
    ],
  },
} as DistributionConfig;
const names = ({ Origins }: DistributionConfig) => Origins?.Items?.map(({ Id, DomainName }) => `${Id} ${DomainName}`);

describe('without distribution.json', () => {
  it('edge.config.ts says where the origins are, and nothing is read', async () => {
    const readLive = () => expect.fail('no call is needed');
    const found = await loadDistribution({ config: configure(), env, local: undefined, readLive });
    expect(names(found)).toEqual(['Stack1 one.example.com', 'Stack2 two.example.com']);
    expect(found.Origins?.Items?.map(({ CustomOriginConfig: custom }) => [custom?.OriginProtocolPolicy, custom?.HTTPPort])).toEqual([
      ['https-only', 80],
      ['http-only', 8080],
    ]);
  });

  it('the live distribution does, where edge.config.ts does not', async () => {
    const asked: string[] = [];
    const readLive = async (id: string) => {
      asked.push(id);
      return { config: live };
    };
    expect(names(await loadDistribution({ config: configure(unplaced), env, local: undefined, readLive }))).toEqual(names(live));
    await loadDistribution({ config: configure(unplaced), env: { ...env, EDGE_DISTRIBUTION_ID: 'E2' }, local: undefined, readLive });
    expect(asked).toEqual(['E1', 'E2']);
  });

  it('edge.config.ts comes before the live distribution', async () => {
    const origins = { ...unplaced.origins, two: { ...unplaced.origins.two, domainName: 'two.example.com' } };
    const found = await loadDistribution({
      config: configure({ origins }),
      env,
      local: undefined,
      readLive: async () => ({ config: live }),
    });
    expect(names(found)).toEqual(['bucket b.s3.amazonaws.com', 'Stack1 live-one.example.com', 'Stack2 two.example.com']);
  });

  it('an origin that nothing places is named', async () => {
    await expect(loadDistribution({ config: configure(unplaced), env, local: undefined })).rejects.toMatchObject({
      code: 'CONFIG_MISSING',
      message: expect.stringContaining('one, two'),
    });
  });

  it('headers take their secrets from the environment, and replace those of the distribution', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder of a file.
    const origins = { ...unplaced.origins, one: { ...unplaced.origins.one, headers: { 'x-key': '${KEY}' } } };
    const options = { config: configure({ origins }), env, local: undefined, readLive: async () => ({ config: live }) };
    const [, one] = (await loadDistribution({ ...options, values: { KEY: 'fresh' } })).Origins?.Items ?? [];
    expect(one?.CustomHeaders?.Items).toEqual([{ HeaderName: 'x-key', HeaderValue: 'fresh' }]);
    await expect(loadDistribution(options)).rejects.toMatchObject({ code: 'PLACEHOLDER_MISSING' });
  });
});

describe('the local distribution of edge.config.ts', () => {
  const build = (more: Partial<EdgeConfigInput> = {}) => buildLocalDistribution(configure(more), { AWS_ACCOUNT_ID: '111122223333' });
  const routed = ({ DefaultCacheBehavior, CacheBehaviors }: DistributionConfig) => [
    DefaultCacheBehavior?.FunctionAssociations?.Quantity === 1 ? 'default' : 'not default',
    ...(CacheBehaviors?.Items ?? []).map(({ PathPattern, TargetOriginId }) => `${PathPattern} ${TargetOriginId}`),
  ];

  it('has the behaviors of every distribution once, the narrower ones first', () => {
    const distributions = [
      { id: 'E1', behaviors: ['/*', '/api/*'] },
      { id: 'E2', behaviors: ['api/*', '/api/v1/*', 'default'] },
    ];
    expect(routed(build({ distributions }))).toEqual(['default', '/api/v1/* Stack1', '/api/* Stack1', '/* Stack1']);
  });

  it('leaves a default behavior that is not named without the function', () => {
    expect(routed(build())).toEqual(['not default', '/api/* Stack1']);
  });

  it('targets the first origin of the service that has the path', () => {
    const services = [
      { name: 'api', paths: ['/api/*'], order: ['two', 'one'] },
      { name: 'rest', paths: ['/*'], order: ['one'] },
    ];
    expect(routed(build({ defaultOrder: undefined, services }))).toEqual(['not default', '/api/* Stack2']);
  });

  it('is what the local cloud gets where there is no file', async () => {
    const found = await loadDistribution({ config: configure(), env, local: { env: { AWS_ACCOUNT_ID: '111122223333' } } });
    expect(names(found)).toEqual(['Stack1 one.localhost', 'Stack2 two.localhost']);
  });
});

describe('a distribution.json', () => {
  const file = {
    CallerReference: 'r',
    Comment: '',
    Enabled: true,
    Origins: live.Origins,
    DefaultCacheBehavior: { TargetOriginId: 'bucket', ViewerProtocolPolicy: 'https-only' },
  };
  const saved = (bytes: Uint8Array | string) => {
    const project = mkdtempSync(join(folder, 'project-'));
    writeFileSync(join(project, 'distribution.json'), bytes);
    return loadDistribution({ config: configure(unplaced), env: { EDGE_PROJECT: project }, local: undefined });
  };
  const text = JSON.stringify({ ETag: 'E', DistributionConfig: file });
  const swapped = (buffer: Buffer) => buffer.swap16();

  it.each([
    ['of the AWS CLI', text],
    ['of get-distribution', JSON.stringify({ ETag: 'E', Distribution: { Id: 'E1', DistributionConfig: file } })],
    ['with a byte order mark', `\uFEFF${text}`],
    ['of PowerShell, in UTF-16', Buffer.from(`\uFEFF${text}`, 'utf16le')],
    ['in UTF-16 with the other byte order', swapped(Buffer.from(`\uFEFF${text}`, 'utf16le'))],
  ])('%s is understood, with origins that are not ours', async (_, bytes) => {
    expect(names(await saved(bytes))).toEqual(names(live));
  });
});
