import { expect, it } from 'vitest';
import { parseDistribution } from '../../../src/config/distribution-file.ts';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { messageOf } from '../../../src/text/message-of.ts';

/** The message of an error, one line each. */
function linesOf(run: () => unknown): string[] {
  try {
    run();
  } catch (error) {
    return messageOf(error).split('\n');
  }
  return [];
}

const origins = { singapore: { region: 'ap-southeast-1' }, europe: { region: 'eu-central-1' } };

it('the problems of an edge.config.ts, those of single fields before those between fields', () => {
  expect(
    linesOf(() =>
      parseEdgeConfig({
        functionName: '',
        origins: { Singapore: { region: 'São Paulo' }, europe: { region: 'eu-central-1' }, constructor: { region: 'x' } },
        extra: 1,
        defaultOrder: ['tokyo'],
        routes: [{ countries: ['us', 'DE', 'DE'], order: ['europe', 'europe'], weight: 1 }],
        health: { intervalMs: 10 },
        failover: { ramp: [20, 10] },
        perRequestFailover: 'no',
        keys: { state: '{}' },
      }),
    ),
  ).toMatchInlineSnapshot(`
    [
      "edge.config.ts has 15 problems:",
      "  functionName: a CloudFront name is 1 to 64 of a-z, A-Z, 0-9, "-" and "_", found """,
      "  keys.state: this key is written by the tools themselves (health, state, audit/, publish/, owned/)",
      "  origins.Singapore.region: a region is 1 to 64 printable ASCII characters, such as ap-southeast-1 or Frankfurt, found "São Paulo"",
      "  origins.Singapore: an origin id is 1 to 63 of a-z, 0-9 and "-", starting with a letter, found "Singapore"",
      "  origins.constructor: every object of JavaScript has a "constructor", so the edge cannot find its weight; choose another origin id",
      "  routes[0]: Unrecognized key: "weight"",
      "  perRequestFailover: Invalid input: expected boolean, received string, found "no"",
      "  health.fastIntervalMs: must not exceed intervalMs (10), found 1000",
      "  failover.ramp: must end at 100, found [20,10]",
      "  failover.ramp: must rise at every step, found [20,10]",
      "  (the whole file): Unrecognized key: "extra"",
      "  defaultOrder[0]: no origin is called "tokyo"; origins here: Singapore, europe, constructor",
      "  routes[0].order[1]: origin "europe" is listed twice",
      "  routes[0].countries[0]: "us" is neither a country nor a subdivision or group of countries: write "US"",
      "  routes[0].countries[2]: DE already has a route, routes[0]",
    ]
  `);
});

it('the problems of services', () => {
  expect(
    linesOf(() =>
      parseEdgeConfig({
        origins,
        defaultOrder: ['europe'],
        services: [
          { name: 'api', paths: ['/api/*', '/b'], order: ['mars'] },
          { name: 'api', paths: ['api/v1/*', '/b'], order: ['europe'] },
          { name: 'X', paths: [], order: ['europe'] },
          { name: 'c', paths: ['/ö'], order: ['europe'] },
        ],
      }),
    ),
  ).toMatchInlineSnapshot(`
    [
      "edge.config.ts has 7 problems:",
      "  services[2].name: a name is 1 to 63 of a-z, 0-9 and "-", starting with a letter, found "X"",
      "  services[2].paths: Too small: expected array to have >=1 items, found []",
      "  services[3].paths[0]: a path pattern is 1 to 255 of the characters that CloudFront allows in one, found "/ö"",
      "  services: each service has its own order and routes: remove the top-level defaultOrder and routes",
      "  services[0].order[0]: no origin is called "mars"; origins here: singapore, europe",
      "  services[1].name: service "api" is defined twice",
      "  services[1].paths: no request reaches "api": "/api/*" of "api" comes first",
    ]
  `);
});

it('the problems of a distribution.json', () => {
  expect(
    linesOf(() => parseDistribution('{"Origins":{"Quantity":1,"Items":[]},"CacheBehaviors":{"Items":[5]}}', {})),
  ).toMatchInlineSnapshot(`
    [
      "distribution.json has 7 problems:",
      "  CallerReference: a string is required",
      "  Comment: a string is required",
      "  Enabled: true or false is required",
      "  Origins.Quantity: 1, but there are 0 items",
      "  Origins.Items: at least one origin is required",
      "  DefaultCacheBehavior: a behavior is required",
      "  CacheBehaviors.Items[0]: a behavior is required",
    ]
  `);
  const behavior = { TargetOriginId: 'tokyo' };
  const twice = { Id: 'singapore', DomainName: `$\{SINGAPORE_DOMAIN}` };
  const whole = { CallerReference: 'x', Comment: '', Enabled: true, DefaultCacheBehavior: behavior };
  const text = JSON.stringify({ ...whole, Origins: { Quantity: 2, Items: [twice, twice] } });
  expect(linesOf(() => parseDistribution(text, { SINGAPORE_DOMAIN: 'a' }))).toMatchInlineSnapshot(`
    [
      "distribution.json has 2 problems:",
      "  Origins.Items[1].Id: "singapore" is defined twice",
      "  DefaultCacheBehavior.TargetOriginId: no origin is called "tokyo"; origins here: singapore",
    ]
  `);
  expect(linesOf(() => parseDistribution(text, {}))).toMatchInlineSnapshot(`
    [
      "distribution.json needs SINGAPORE_DOMAIN from the environment",
    ]
  `);
});
