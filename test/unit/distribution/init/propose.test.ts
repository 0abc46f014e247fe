import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { describe, expect, it } from 'vitest';
import { type Choice, proposeAdoption, proposeGroups } from '../../../../src/distribution/init/propose.ts';
import { surveyDistribution } from '../../../../src/distribution/init/survey.ts';
import {
  apiGateway,
  behavior,
  bucketOrigin,
  cdkIds,
  consoleIds,
  continuousDeployment,
  customOrigin,
  distribution,
  environment,
  files,
  fortyBehaviors,
  legacyValues,
  runs,
  s3AndApi,
  threeServices,
  vpcOrigins,
  withAuth,
  withLambda,
} from '../../../fixtures/adoption/shapes.ts';

const propose = (config: DistributionConfig, choice?: Choice) => {
  const { origins, services, blocked } = proposeAdoption(surveyDistribution(config), choice);
  const aliasOf = new Map(origins.map(({ id, alias }) => [id, alias]));
  return {
    origins: Object.fromEntries(origins.map(({ alias, region }) => [alias, region])),
    services: services.map(({ name, behaviors, order }) => ({
      name,
      behaviors: behaviors.map((each) => each.name),
      order: order.map((id) => aliasOf.get(id)),
    })),
    blocked: blocked.map(({ name }) => name),
  };
};

const refusal = (config: DistributionConfig, choice?: Choice) => {
  try {
    return propose(config, choice);
  } catch (error) {
    return error;
  }
};

describe('without a choice', () => {
  it.each([
    { shape: 's3AndApi', config: s3AndApi(), aliases: ['api-sg', 'api-eu'], behaviors: ['/api/*'] },
    { shape: 'cdkIds', config: cdkIds(), aliases: ['singapore', 'frankfurt'], behaviors: ['/api/*', 'default'] },
    { shape: 'consoleIds', config: consoleIds(), aliases: ['singapore', 'frankfurt'], behaviors: ['default'] },
    { shape: 'withAuth', config: withAuth(), aliases: ['api-sg', 'api-eu'], behaviors: ['/api/*'] },
    { shape: 'environment', config: environment('prod'), aliases: ['api-sg', 'api-eu'], behaviors: ['/api/*'] },
    { shape: 'apiGateway', config: apiGateway(), aliases: ['singapore', 'frankfurt'], behaviors: ['/api/*'] },
    { shape: 'vpcOrigins', config: vpcOrigins(), aliases: ['private-sg', 'private-eu'], behaviors: ['/api/*'] },
    { shape: 'legacyValues', config: legacyValues(), aliases: ['api-sg', 'api-eu'], behaviors: ['/api/*'] },
    { shape: 'continuousDeployment', config: continuousDeployment(), aliases: ['api-sg', 'api-eu'], behaviors: ['/api/*'] },
  ])('$shape: two regions of one service', ({ config, aliases, behaviors }) => {
    const { origins, services, blocked } = propose(config);
    expect(Object.keys(origins)).toEqual(aliases);
    expect(services.map((each) => each.behaviors)).toEqual([behaviors]);
    expect(services[0]?.order).toEqual(aliases);
    expect(blocked).toEqual([]);
  });

  it('three services are three, and a region keeps the viewers that it has', () => {
    expect(propose(threeServices()).services).toEqual([
      { name: 'orders', behaviors: ['/orders/*'], order: ['orders-sg', 'orders-eu'] },
      { name: 'accounts', behaviors: ['/accounts/*', '/login'], order: ['accounts-sg', 'accounts-eu'] },
      { name: 'media', behaviors: ['/media/*'], order: ['media-eu', 'media-sg'] },
    ]);
  });

  it('forty behaviors become three services, without those of the bucket', () => {
    const { services } = propose(fortyBehaviors());
    expect(services.map(({ order }) => order[0])).toEqual(['api-sg', 'api-eu', 'api-sg']);
    expect(services.flatMap(({ behaviors }) => behaviors)).toHaveLength(27);
    expect(services.at(-1)?.behaviors.at(-1)).toBe('default');
  });

  it('members of an origin group belong together, the first one first', () => {
    const config = distribution(
      'group',
      [customOrigin('blue', 'a.example.com'), customOrigin('green', 'b.example.net'), customOrigin('x', 'c.example.org')],
      behavior('pair'),
    );
    config.OriginGroups = {
      Quantity: 1,
      Items: [
        {
          Id: 'pair',
          FailoverCriteria: { StatusCodes: { Quantity: 1, Items: [503] } },
          Members: { Quantity: 2, Items: [{ OriginId: 'green' }, { OriginId: 'blue' }] },
        },
      ],
    };
    expect(propose(config).services).toEqual([{ name: 'default', behaviors: ['default'], order: ['green', 'blue'] }]);
  });

  it('origins of one region do not belong together, whatever their names', () => {
    const names = ['api-1.eu-central-1.example.com', 'api.eu-central-1.example.com', 'other.example.com'];
    const config = distribution(
      'one-region',
      names.map((name) => customOrigin(name)),
      behavior(names[0] ?? ''),
    );
    expect(proposeGroups(surveyDistribution(config))).toEqual([]);
  });
});

describe('a choice', () => {
  it('names origins by id or domain name, behaviors with or without a slash, and the home', () => {
    expect(
      propose(fortyBehaviors(), { groups: [['api-eu.example.com', 'api-sg']], paths: ['part-25/*', '/part-1/*'], home: 'api-sg' }).services,
    ).toEqual([{ name: 'part-1', behaviors: ['/part-1/*', '/part-25/*'], order: ['api-sg', 'api-eu'] }]);
  });

  it('may be two buckets', () => {
    const config = distribution('buckets', [bucketOrigin('a'), bucketOrigin('b')], files('a'));
    expect(propose(config, { groups: [['a', 'b']] }).services).toEqual([{ name: 'default', behaviors: ['default'], order: ['a', 'b'] }]);
  });
});

describe('it is refused', () => {
  const one = () => distribution('one', [bucketOrigin('site'), customOrigin('api', 'api.example.com')], behavior('api'));
  it.each([
    {
      when: 'there are buckets alone',
      config: distribution('s3', [bucketOrigin('site')], files('site')),
      code: 'NOT_FOUND',
      says: 'site (S3 bucket)',
    },
    { when: 'there is one origin alone', config: one(), code: 'NOT_FOUND', says: 'api.example.com' },
    {
      when: 'nothing shows which belong together',
      config: distribution(
        'three',
        ['a.example.com', 'b.example.org', 'c.example.net'].map((name) => customOrigin(name)),
        behavior('a.example.com'),
      ),
      code: 'USAGE',
      says: 'c.example.net (custom host)',
    },
    {
      when: 'an origin is unknown',
      config: s3AndApi(),
      choice: { groups: [['api-sg', 'api-us']] },
      code: 'ORIGIN_UNKNOWN',
      says: 'api-us',
    },
    { when: 'one origin is named alone', config: s3AndApi(), choice: { groups: [['api-sg']] }, code: 'USAGE', says: 'api-sg' },
    {
      when: 'an origin is named twice',
      config: s3AndApi(),
      choice: { groups: [['api-sg', 'api-sg.example.com']] },
      code: 'USAGE',
      says: 'api-sg',
    },
    { when: 'the home is another service’s', config: s3AndApi(), choice: { home: 'site' }, code: 'USAGE', says: 'site' },
    { when: 'a path is unknown', config: s3AndApi(), choice: { paths: ['/ap/*'] }, code: 'USAGE', says: '/ap/*' },
    { when: 'a path is another service’s', config: s3AndApi(), choice: { paths: ['default'] }, code: 'USAGE', says: 'targets site' },
    { when: 'Lambda@Edge is on the one behavior', config: withLambda(['/api/*', '/v2/*']), code: 'CONFLICT', says: 'viewer-request' },
    { when: 'Lambda@Edge is on a named behavior', config: withLambda(), choice: { paths: ['/api/*'] }, code: 'CONFLICT', says: 'auth:7' },
    {
      when: 'behaviors run different functions',
      config: distribution(
        'two',
        [customOrigin('api-sg', 'api-sg.example.com'), customOrigin('api-eu', 'api-eu.example.com')],
        behavior('api-sg', runs('a')),
        [{ ...behavior('api-sg', runs('b')), PathPattern: '/b/*' }] as never,
      ),
      code: 'CONFLICT',
      says: '/b/* runs b, default runs a',
    },
    {
      when: 'no behavior has them',
      config: s3AndApi(),
      choice: { groups: [['api-eu', 'api-sg']], paths: undefined },
      spoil: true,
      code: 'NOT_FOUND',
      says: 'api-eu or api-sg',
    },
  ])('when $when', ({ config, choice, code, says, spoil }) => {
    if (spoil) config.CacheBehaviors = { Quantity: 0 };
    expect(refusal(config, choice as Choice)).toMatchObject({ code, message: expect.stringContaining(says), hint: expect.any(String) });
  });
});

it('leaves a behavior with Lambda@Edge out and names it', () => {
  expect(propose(withLambda())).toMatchObject({ blocked: ['/api/*'], services: [{ behaviors: ['/v2/*'] }] });
});
