import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildRegionConfig, formatEcsEnvironment, formatEnvLines } from '../../../origin/region-config.ts';
import { parseSettings } from '../../../origin/settings.ts';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import edgeConfig from '../../fixtures/sample/edge.config.ts';

const config = parseEdgeConfig({
  origins: {
    singapore: {
      region: 'ap-southeast-1',
      upstream: { baseUrl: 'https://api.example.test', allowedRegions: ['ap-southeast-1', 'eu-central-1'] },
      database: { poolerHost: 'pooler.internal', poolerPort: 6432 },
    },
    europe: { region: 'eu-central-1', database: { poolerHost: 'pooler.europe.internal' } },
    tokyo: { region: 'ap-northeast-1' },
  },
  defaultOrder: ['singapore'],
});
const databaseUrl = 'postgres://app:hunter2@db.internal:5432/orders?sslmode=require';
const build = (id: string, options: Partial<Parameters<typeof buildRegionConfig>[2]> = {}) =>
  buildRegionConfig(config, id, { databaseUrl, ...options });

describe('the environment of an origin', () => {
  it('has all that edge.config.ts says, and the database behind its pooler with the password masked', () => {
    expect(build('singapore')).toEqual({
      variables: {
        AWS_REGION: 'ap-southeast-1',
        UPSTREAM_NAME: 'binance',
        UPSTREAM_BASE_URL: 'https://api.example.test',
        UPSTREAM_HEALTH_PATH: '/api/v3/ping',
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

  it('is one that the origin starts with, for every origin of the sample', () => {
    const sample = parseEdgeConfig(edgeConfig);
    for (const id of Object.keys(sample.origins)) {
      const { variables } = buildRegionConfig(sample, id, { databaseUrl, showSecrets: true });
      const parsed = parseSettings(variables);
      expect(parsed).toMatchObject({ settings: { region: sample.origins[id]?.region, databaseUrl: variables['DATABASE_URL'] } });
    }
  });
});

describe('what cannot be told', () => {
  it.each([
    { id: 'singapor', hint: 'did you mean singapore? origins: singapore, europe, tokyo' },
    { id: 'mars', hint: 'origins: singapore, europe, tokyo' },
    { id: 'constructor', hint: 'origins: singapore, europe, tokyo' },
  ])('names the origins there are for $id', ({ id, hint }) => {
    expect(() => build(id)).toThrow(expect.objectContaining({ code: 'ORIGIN_UNKNOWN', exitCode: 2, hint }));
  });

  it('is a database that is no PostgreSQL, and its URL is not shown', () => {
    const refused = expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.not.stringContaining('hunter2') });
    for (const url of ['mysql://app:hunter2@db/o', 'postgres://app:hunter2#@db/o'])
      expect(() => build('tokyo', { databaseUrl: url })).toThrow(refused);
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
