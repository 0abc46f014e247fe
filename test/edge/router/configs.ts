import { createHash } from 'node:crypto';
import { type EdgeConfig, type EdgeConfigInput, parseEdgeConfig } from '../../../src/config/edge-config.ts';
import edgeConfig from '../../fixtures/sample/edge.config.ts';

/** The secret of the testers: what edge.config.ts has is its hash. */
export const testerSecret = 'another-horse-battery';
export const testerHash = createHash('sha256').update(testerSecret).digest('hex');

const origins = {
  singapore: { region: 'ap-southeast-1' },
  europe: { region: 'eu-central-1' },
  tokyo: { region: 'ap-northeast-1' },
};

const three: EdgeConfigInput = {
  origins,
  defaultOrder: ['singapore', 'europe', 'tokyo'],
  routes: [
    { countries: ['IN', 'US'], order: ['singapore', 'tokyo', 'europe'] },
    { countries: ['JP'], order: ['tokyo', 'singapore'] },
    { countries: ['DE', 'ZA'], order: ['europe', 'singapore', 'tokyo'] },
    { countries: ['MC'], order: ['europe'] },
  ],
};

const one: EdgeConfigInput = {
  origins: { singapore: origins.singapore },
  defaultOrder: ['singapore'],
  routes: [{ countries: ['IN'], order: ['singapore'] }],
};

/** As many different orders as one digit can distinguish, on both sides of the table's cut at M. */
const ten: EdgeConfigInput = {
  origins,
  defaultOrder: ['singapore', 'europe', 'tokyo'],
  routes: [
    { countries: ['IN', 'US'], order: ['singapore', 'tokyo', 'europe'] },
    { countries: ['DE', 'PL'], order: ['europe', 'singapore', 'tokyo'] },
    { countries: ['FR', 'PT'], order: ['europe', 'tokyo', 'singapore'] },
    { countries: ['JP', 'TW'], order: ['tokyo', 'singapore', 'europe'] },
    { countries: ['KR', 'VN'], order: ['tokyo', 'europe', 'singapore'] },
    { countries: ['GB', 'SE'], order: ['europe', 'singapore'] },
    { countries: ['AU', 'NZ'], order: ['singapore', 'tokyo'] },
    { countries: ['BR', 'MX'], order: ['tokyo'] },
    { countries: ['EG', 'ZA'], order: ['europe'] },
  ],
};

/** Ids as CDK, the console and a hand write them: with characters that no record may have, and long ones. */
const aliased: EdgeConfigInput = {
  ...three,
  origins: {
    singapore: { ...origins.singapore, originId: 'WebStackDistOrigin1A2B3C4D' },
    europe: { ...origins.europe, originId: `my-alb.eu-central-1.elb.amazonaws.com-${'x'.repeat(90)}` },
    tokyo: { ...origins.tokyo, originId: '\'"\\;=@$`</script>' },
  },
};

/**
 * A country and some of its subdivisions go different ways, one of them the default one; India's have a route, India
 * has none.
 */
const subdivided: EdgeConfigInput = {
  origins,
  defaultOrder: ['singapore', 'europe', 'tokyo'],
  routes: [
    { countries: ['US', 'IN-KA'], order: ['europe', 'singapore'] },
    { countries: ['US-CA', 'US-WA'], order: ['tokyo', 'singapore', 'europe'] },
    { countries: ['US-TX'], order: ['singapore', 'europe', 'tokyo'] },
    { countries: ['EU'], order: ['europe', 'tokyo'] },
    { countries: ['FR-75C', 'Africa'], order: ['tokyo'] },
  ],
};

/**
 * Orders that share the viewers: at the first place, at a later one, with an origin named again, and one that does not.
 */
const shared: EdgeConfigInput = {
  origins,
  defaultOrder: [{ singapore: 90, europe: 10 }, 'tokyo'],
  routes: [
    { countries: ['IN'], order: [{ singapore: 99, tokyo: 1 }, 'europe'] },
    { countries: ['US'], order: ['tokyo', { singapore: 50, europe: 50 }] },
    { countries: ['DE'], order: ['europe', 'singapore'] },
    { countries: ['JP'], order: [{ tokyo: 40, singapore: 35, europe: 25 }, 'europe'] },
  ],
};

/**
 * Every form of a path pattern; an earlier service takes paths that a later one would have, and no service has all
 * paths.
 */
const services: EdgeConfigInput = {
  origins,
  services: [
    { name: 'login', paths: ['/login'], order: ['europe'] },
    {
      name: 'api',
      paths: ['/api/*', 'graphql', '*.json'],
      order: ['singapore', 'europe', 'tokyo'],
      routes: [
        { countries: ['IN', 'US'], order: ['singapore', 'tokyo', 'europe'] },
        { countries: ['DE'], order: ['europe', 'singapore', 'tokyo'] },
      ],
    },
    { name: 'files', paths: ['/api', '/f?les/*', '/img/*.jp?g', '/*/raw/*', '/a*ab'], order: ['tokyo', 'europe'] },
    {
      name: 'reports',
      paths: ['/r*/x*y*/z*z', '/??'],
      order: ['singapore', 'europe', 'tokyo'],
      routes: [{ countries: ['IN'], order: ['europe'] }],
    },
    { name: 'login-too', paths: ['/signin*'], order: ['europe'] },
  ],
};

/** The configurations that the router is proven with, by name. */
export const configs = {
  sample: parseEdgeConfig(edgeConfig),
  groupless: parseEdgeConfig({ ...edgeConfig, perRequestFailover: false }),
  three: parseEdgeConfig(three),
  'three-groupless': parseEdgeConfig({ ...three, perRequestFailover: false }),
  one: parseEdgeConfig(one),
  ten: parseEdgeConfig(ten),
  aliased: parseEdgeConfig(aliased),
  prefixed: parseEdgeConfig({ ...edgeConfig, keyPrefix: 'staging' }),
  retrying: parseEdgeConfig({ ...edgeConfig, retryHeader: 'x-retry-attempt' }),
  'retrying-aws': parseEdgeConfig({ ...edgeConfig, retryHeader: 'amz-sdk-request' }),
  'retrying-envoy': parseEdgeConfig({ ...edgeConfig, retryHeader: 'x-envoy-attempt-count' }),
  services: parseEdgeConfig(services),
  'services-groupless': parseEdgeConfig({ ...services, perRequestFailover: false, retryHeader: 'x-retry-attempt' }),
  subdivided: parseEdgeConfig(subdivided),
  'subdivided-services': parseEdgeConfig({
    origins,
    services: [
      { name: 'api', paths: ['/api/*'], order: subdivided.defaultOrder ?? [], routes: subdivided.routes },
      { name: 'files', paths: ['/files/*'], order: ['europe'], routes: [{ countries: ['US-CA'], order: ['tokyo'] }] },
    ],
  }),
  shared: parseEdgeConfig(shared),
  'shared-pair': parseEdgeConfig({ ...edgeConfig, defaultOrder: [{ singapore: 90, europe: 10 }, 'europe'] }),
  'shared-services': parseEdgeConfig({
    origins: aliased.origins,
    retryHeader: 'x-retry-attempt',
    services: [
      { name: 'api', paths: ['/api/*'], order: shared.defaultOrder ?? [], routes: shared.routes },
      { name: 'files', paths: ['/files/*'], order: ['europe'], routes: [{ countries: ['US-CA'], order: [{ tokyo: 50, europe: 50 }] }] },
    ],
  }),
  'tester-header': parseEdgeConfig({ ...three, tester: { header: 'x-tester', sha256: testerHash } }),
  'tester-cookie': parseEdgeConfig({ ...services, origins: aliased.origins, tester: { cookie: 'tester', sha256: testerHash } }),
  everything: parseEdgeConfig({
    origins: aliased.origins,
    retryHeader: 'x-retry-attempt',
    tester: { header: 'x-tester', sha256: testerHash },
    services: [
      { name: 'api', paths: ['/api/*'], order: shared.defaultOrder ?? [], routes: shared.routes },
      { name: 'files', paths: ['/files/*'], order: ['europe'], routes: subdivided.routes },
    ],
  }),
  logged: parseEdgeConfig({ ...edgeConfig, accessLog: {} }),
  'logged-ages': parseEdgeConfig({ ...edgeConfig, accessLog: { agePercent: 100 } }),
  'logged-services': parseEdgeConfig({
    ...services,
    accessLog: { agePercent: 100 },
    retryHeader: 'x-retry-attempt',
    tester: { header: 'x-tester', sha256: testerHash },
  }),
  'three-retrying': parseEdgeConfig({ ...three, retryHeader: 'x-retry-attempt' }),
} satisfies Record<string, EdgeConfig>;

export type ConfigName = keyof typeof configs;
