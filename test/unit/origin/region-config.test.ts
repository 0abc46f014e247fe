import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildRegionConfig,
  formatEcsEnvironment,
  formatEnvLines,
  type RegionConfigOptions,
  type ServiceConfig,
  type ServiceSettings,
} from '../../../origin/region-config.ts';
import { parseSettings } from '../../../origin/settings.ts';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import edgeConfig from '../../fixtures/sample/edge.config.ts';
import service from '../../fixtures/sample/origin/service.config.ts';

const regions = { singapore: 'ap-southeast-1', europe: 'eu-central-1', tokyo: 'ap-northeast-1' };
const services: ServiceConfig = {
  singapore: {
    upstream: {
      name: 'prices',
      baseUrl: 'https://api.example.test',
      healthPath: '/ping',
      allowedRegions: ['ap-southeast-1', 'eu-central-1'],
    },
    database: { poolerHost: 'pooler.internal', poolerPort: 6432 },
  },
  europe: { database: { poolerHost: 'pooler.europe.internal' } },
};
const databaseUrl = 'postgres://app:hunter2@db.internal:5432/orders?sslmode=require';
const tryBuild = (region: string, service: ServiceSettings, options: Partial<RegionConfigOptions> = {}) =>
  buildRegionConfig(region, service, { databaseUrl, ...options });
const build = (id: keyof typeof regions, options: Partial<RegionConfigOptions> = {}) => {
  const built = tryBuild(regions[id], services[id] ?? {}, options);
  return 'problems' in built ? expect.fail(built.problems.join()) : built;
};

describe('the environment of an origin', () => {
  it('has all settings of the service, and the database behind its pooler with the password masked', () => {
    expect(build('singapore')).toEqual({
      variables: {
        AWS_REGION: 'ap-southeast-1',
        UPSTREAM_NAME: 'prices',
        UPSTREAM_BASE_URL: 'https://api.example.test',
        UPSTREAM_HEALTH_PATH: '/ping',
        UPSTREAM_ALLOWED_REGIONS: 'ap-southeast-1,eu-central-1',
        DATABASE_URL: 'postgres://app:***@pooler.internal:6432/orders?sslmode=require',
        DATABASE_POOLER_HOST: 'pooler.internal',
        DATABASE_POOLER_PORT: '6432',
      },
      notes: ['the password in DATABASE_URL is masked; --show-secrets prints it'],
    });
  });

  it('has the password when asked, and the database’s port when the pooler has none of its own', () => {
    expect(build('europe', { showSecrets: true })).toEqual({
      variables: {
        AWS_REGION: 'eu-central-1',
        DATABASE_URL: 'postgres://app:hunter2@pooler.europe.internal:5432/orders?sslmode=require',
        DATABASE_POOLER_HOST: 'pooler.europe.internal',
      },
      notes: [],
    });
  });

  it('leaves out what is nowhere said', () => {
    expect(build('tokyo', { databaseUrl: '' })).toEqual({ variables: { AWS_REGION: 'ap-northeast-1' }, notes: [] });
    expect(build('tokyo', { databaseUrl: 'postgres://db/o' }).variables).toEqual({
      AWS_REGION: 'ap-northeast-1',
      DATABASE_URL: 'postgres://db/o',
    });
  });

  it('says that a pooler without a database is not enough', () => {
    const { variables, notes } = build('singapore', { databaseUrl: undefined });
    expect(variables).not.toHaveProperty('DATABASE_URL');
    expect(notes.join()).toContain('DATABASE_URL is not set here');
  });

  it.each(Object.entries(parseEdgeConfig(edgeConfig).origins))('is one that the origin starts with: %s of the sample', (id, { region }) => {
    const built = tryBuild(region, service[id] ?? {}, { showSecrets: true });
    const variables = 'variables' in built ? built.variables : expect.fail(built.problems.join());
    expect(parseSettings(variables)).toMatchObject({ settings: { region, databaseUrl: variables['DATABASE_URL'] } });
    expect(variables).toMatchObject({ UPSTREAM_NAME: 'binance', UPSTREAM_BASE_URL: 'https://api.binance.com' });
  });
});

describe('an origin that would not start', () => {
  const upstream = { name: 'prices', baseUrl: 'https://api.example.test', healthPath: '/ping', allowedRegions: ['eu-central-1'] };

  it.each([
    { region: 'us-east-1', settings: { upstream }, variable: 'AWS_REGION' },
    { region: 'eu-central-1', settings: { upstream: { ...upstream, allowedRegions: [] } }, variable: 'UPSTREAM_ALLOWED_REGIONS' },
    { region: 'eu-central-1', settings: { upstream: { ...upstream, name: 'Prices' } }, variable: 'UPSTREAM_NAME' },
    ...['ftp://api', 'api.example.test', 'https://user:key@api', 'https://api?key=1', 'https://api\n', 'https://a b'].map((baseUrl) => ({
      region: 'eu-central-1',
      settings: { upstream: { ...upstream, baseUrl } },
      variable: 'UPSTREAM_BASE_URL',
    })),
    ...['a:1', 'https://a', '-a'].map((poolerHost) => ({
      region: 'eu-central-1',
      settings: { database: { poolerHost } },
      variable: 'DATABASE_POOLER_HOST',
    })),
    {
      region: 'eu-central-1',
      settings: { database: { poolerHost: '10.0.0.1', poolerPort: 0 } },
      variable: 'DATABASE_POOLER_PORT',
    },
  ])('is refused by $variable: $settings', ({ region, settings, variable }) => {
    for (const url of [databaseUrl, undefined])
      expect(tryBuild(region, settings, { databaseUrl: url })).toEqual({ problems: [expect.stringContaining(`${variable}: `)] });
  });

  it('has a database that is not PostgreSQL, and its URL is not shown', () => {
    for (const url of ['mysql://app:hunter2@db/o', 'postgres://app:hunter2#@db/o']) {
      const refused = tryBuild('eu-central-1', {}, { databaseUrl: url });
      expect(refused).toEqual({ problems: [expect.stringContaining('DATABASE_URL: ')] });
      expect(JSON.stringify(refused)).not.toContain('hunter2');
    }
  });
});

describe('the formats', () => {
  it('quote only what a shell would take apart', () => {
    expect(formatEnvLines({ A: 'https://a.example/b%20c', B: 'postgres://a:$(x)@b/c?d&e' })).toEqual([
      'A=https://a.example/b%20c',
      "B='postgres://a:$(x)@b/c?d&e'",
    ]);
  });

  it('are one line for each variable and no apostrophe inside of another, whatever the password is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii', minLength: 1 }), (text) => {
        const password = text.replaceAll(/[/?#@\s]/g, '_');
        const [, line = ''] = formatEnvLines(build('tokyo', { databaseUrl: `postgres://a:${password}@b/c`, showSecrets: true }).variables);
        expect(line).toMatch(/^DATABASE_URL=('[^'\n]+'|[\w@%+=:,./-]+)$/);
      }),
    );
  });

  it('give a task definition neither the database nor its password', () => {
    const environment = formatEcsEnvironment(build('singapore', { showSecrets: true }).variables);
    expect(environment).toContainEqual({ name: 'DATABASE_POOLER_HOST', value: 'pooler.internal' });
    expect(JSON.stringify(environment)).not.toMatch(/hunter2|"DATABASE_URL"/);
  });
});
