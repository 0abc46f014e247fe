import { describe, expect, it } from 'vitest';
import { type EdgeConfigInput, parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { buildFlipPolicy, listOrders, routingOf, samplePaths } from '../../../src/config/services.ts';
import { formatAudience, listAudiences } from '../../../src/core/viewer-shares.ts';
import type { EdgeError } from '../../../src/errors.ts';
import { expectByConfiguration, listAskers } from '../../../src/verify/expected-origins.ts';
import { factsOf } from '../../facts-of.ts';

const origins = { singapore: { region: 'ap-southeast-1' }, europe: { region: 'eu-central-1' } };
const sound: EdgeConfigInput = {
  origins,
  services: [
    { name: 'api', paths: ['/api/*'], order: ['singapore', 'europe'], routes: [{ countries: ['DE'], order: ['europe', 'singapore'] }] },
    { name: 'files', paths: ['*.pdf'], order: ['europe'] },
  ],
};

function problemsOf(input: unknown): string[] {
  try {
    parseEdgeConfig(input);
    return [];
  } catch (error) {
    return (error as EdgeError).message
      .split('\n')
      .slice(1)
      .map((line) => factsOf(line.trim()));
  }
}

describe('services', () => {
  const config = parseEdgeConfig(sound);

  it('the first one with a matching path has the request, and no other path is routed', () => {
    expect(routingOf(config, '/api/x.pdf')?.service).toBe('api');
    expect(routingOf(config, '/x.pdf')).toEqual({ service: 'files', defaultOrder: ['europe'], routes: [] });
    expect(routingOf(config, '/')).toBeUndefined();
    expect(routingOf(parseEdgeConfig({ origins, defaultOrder: ['europe'] }), '/')).toEqual({ defaultOrder: ['europe'], routes: [] });
  });

  it('each has a sample path, and so has what passes through', () => {
    expect(samplePaths(config)).toEqual([
      { path: '/api/sample', service: 'api' },
      { path: '/sample.pdf', service: 'files' },
      { path: '/', service: undefined },
    ]);
  });

  it('share one record: the flipper weighs the orders of all of them', () => {
    const orders = [['singapore', 'europe'], ['europe', 'singapore'], ['europe']];
    expect(listOrders(config)).toEqual(orders);
    expect(buildFlipPolicy(config).orders).toEqual(orders);
  });

  it('name their viewers', () => {
    expect(listAudiences(config).map(formatAudience)).toEqual(['api: DE', 'api: other countries', 'files: other countries']);
  });

  it('verify expects no origin for a path that passes through', () => {
    const expected = (path: string) =>
      expectByConfiguration(config, listAskers(config, { isLocal: true, country: undefined, path })).map(({ right }) => right);
    expect(expected('/api/x')).toEqual([['europe'], ['singapore']]);
    expect(expected('/x.pdf')).toEqual([['europe']]);
    expect(expected('/')).toEqual([[]]);
  });

  it('have all their problems listed', () => {
    expect(
      problemsOf({
        ...sound,
        defaultOrder: ['europe'],
        services: [
          { name: 'api', paths: ['/api/*', '/b'], order: ['mars'] },
          { name: 'api', paths: ['api/v1/*', '/b'], order: ['europe'] },
          { name: 'X', paths: [], order: ['europe'], routes: [{ countries: ['DE', 'DE'], order: ['europe', 'europe'] }] },
          { name: 'c', paths: ['/ö'], order: ['europe'] },
        ],
      }),
    ).toEqual([
      'services[2].name: 1 63 "X"',
      'services[2].paths: 1 []',
      'services[3].paths[0]: 1 255 "/ö"',
      'services: defaultOrder',
      'services[0].order[0]: "mars"',
      'services[2].routes[0].order[1]: "europe"',
      'services[2].routes[0].countries[1]: routes[0]',
      'services[1].name: "api"',
      'services[1].paths: "api" "/api/*" "api"',
    ]);
    expect(problemsOf({ origins })).toEqual(['defaultOrder:']);
    expect(problemsOf(sound)).toEqual([]);
  });
});
