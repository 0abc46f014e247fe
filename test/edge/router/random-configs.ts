import fc from 'fast-check';
import { checkEdgeConfig, type EdgeConfig, type EdgeConfigInput } from '../../../src/config/edge-config.ts';
import { type ConfigName, configs, testerHash } from './configs.ts';

// Configurations at random, out of every option that the router knows. Names are those that the events of
// arbitraries.ts have.

const originNames = ['singapore', 'europe', 'tokyo', 'a-1', 'mars'] as const;
const countryNames = ['IN', 'US', 'DE', 'JP', 'MC', 'US-CA', 'US-WA', 'IN-KA', 'FR-75C', 'EU', 'Western Asia', 'Africa', 'country:ZZ'];
const patterns = [
  '/api/*',
  'graphql',
  '*.json',
  '/login',
  '/f?les/*',
  '/img/*.jp?g',
  '/*/raw/*',
  '/a*ab',
  '/r*/x*y*/z*z',
  '/??',
  '/',
  '*b',
];

type Order = EdgeConfigInput['defaultOrder'] & object;

/** Percent of as many origins, 100 together. */
const percents = (count: number) =>
  fc.uniqueArray(fc.integer({ min: 1, max: 99 }), { minLength: count - 1, maxLength: count - 1 }).map((cuts) => {
    const ends = [0, ...cuts.sort((a, b) => a - b), 100];
    return ends.slice(1).map((end, index) => end - (ends[index] ?? 0));
  });

const orderOf = (names: string[]): fc.Arbitrary<Order> =>
  fc
    .record({
      order: fc.shuffledSubarray(names, { minLength: 1 }),
      from: fc.nat({ max: 3 }),
      count: fc.integer({ min: 2, max: 4 }),
      again: fc.boolean(),
    })
    .chain(({ order, from, count, again }): fc.Arbitrary<Order> => {
      const group = order.slice(from, from + count);
      if (group.length < 2) return fc.constant(order);
      const repeated = again ? [group.at(-1) ?? ''] : [];
      return percents(group.length).map((shares) => [
        ...order.slice(0, from),
        Object.fromEntries(group.map((name, index) => [name, shares[index] ?? 0])),
        ...repeated,
        ...order.slice(from + count),
      ]);
    });

const routesOf = (names: string[]) =>
  fc
    .tuple(fc.shuffledSubarray(countryNames), fc.array(orderOf(names), { maxLength: 3 }))
    .map(([countries, orders]) =>
      orders
        .map((order, index) => ({ countries: countries.filter((_, place) => place % orders.length === index), order }))
        .filter((route) => route.countries.length > 0),
    );

const servicesOf = (names: string[]) =>
  fc
    .tuple(
      fc.shuffledSubarray(patterns, { minLength: 1 }),
      fc.array(fc.tuple(orderOf(names), routesOf(names)), { minLength: 1, maxLength: 3 }),
    )
    .map(([paths, parts]) =>
      parts
        .map(([order, routes], index) => ({
          name: `s${index}`,
          paths: paths.filter((_, place) => place % parts.length === index),
          order,
          routes,
        }))
        .filter((service) => service.paths.length > 0),
    );

const originId = fc.option(fc.stringMatching(/^[!-~]{1,20}$/), { nil: undefined });

/** A configuration that edge.config.ts may have. */
const randomConfig: fc.Arbitrary<EdgeConfig> = fc
  .shuffledSubarray([...originNames], { minLength: 1 })
  .chain((names) =>
    fc.record({
      origins: fc.tuple(...names.map(() => originId)).map((ids) =>
        Object.fromEntries(
          names.map((name, index) => {
            const id = ids[index];
            return [name, { region: 'eu-central-1', ...(id !== undefined && { originId: id }) }];
          }),
        ),
      ),
      routing: fc.oneof(
        fc.record({ defaultOrder: orderOf(names), routes: routesOf(names) }),
        servicesOf(names).map((services) => ({ services })),
      ),
      perRequestFailover: fc.boolean(),
      accessLog: fc.constantFrom(undefined, undefined, {}, { agePercent: 100 }),
      retryHeader: fc.constantFrom(undefined, 'x-retry-attempt'),
      tester: fc.constantFrom(undefined, { header: 'x-tester', sha256: testerHash }, { cookie: 'tester', sha256: testerHash }),
    }),
  )
  .map(({ routing, ...config }) => checkEdgeConfig({ ...config, ...routing }))
  .filter((result) => 'config' in result)
  .map((result) => (result as { config: EdgeConfig }).config);

/** This many of them, in `configs` from here on; always the same for one seed. */
export function registerRandomConfigs(count: number, seed: number): ConfigName[] {
  return fc.sample(randomConfig, { numRuns: count, seed }).map((config, index) => {
    const name = `random-${seed}-${index}` as ConfigName;
    configs[name] = config;
    return name;
  });
}
