import { given, type RouterCase } from './router-case.ts';

export const orderCases: readonly RouterCase[] = [
  {
    when: 'the first country of a route comes',
    ...given({ config: 'three' }),
    to: 'singapore+tokyo',
    says: 'singapore;country=IN;health=ok',
  },
  {
    when: 'a country of the second half of the alphabet comes',
    ...given({ config: 'three', country: 'US' }),
    to: 'singapore+tokyo',
    says: 'singapore;country=US;health=ok',
  },
  {
    when: 'the last country of the table comes',
    ...given({ config: 'three', country: 'MC' }),
    to: 'europe',
    says: 'europe;country=MC;health=ok',
  },
  {
    when: 'an order has two of the three origins',
    ...given({ config: 'three', country: 'JP' }),
    to: 'tokyo+singapore',
    says: 'tokyo;country=JP;health=ok',
  },
  {
    when: 'the first of three origins is down',
    ...given({ config: 'three', country: 'DE', record: 'europe=0' }),
    to: 'singapore+tokyo',
    says: 'singapore;country=DE;health=weighted',
  },
  {
    when: 'the second of three origins is down',
    ...given({ config: 'three', country: 'DE', record: 'singapore=0' }),
    to: 'europe+tokyo',
    says: 'europe;country=DE;health=weighted',
  },
  {
    when: 'two of three origins are down',
    ...given({ config: 'three', country: 'DE', record: 'europe=0;singapore=0' }),
    to: 'tokyo',
    says: 'tokyo;country=DE;health=weighted',
  },
  {
    when: 'all three are down: all viewers keep the order, since a dead end helps no viewer',
    ...given({ config: 'three', country: 'DE', record: 'europe=0;singapore=0;tokyo=0' }),
    to: 'europe+singapore',
    says: 'europe;country=DE;health=weighted',
  },
  {
    when: 'the only origin of an order is down',
    ...given({ config: 'three', country: 'MC', record: 'europe=0' }),
    to: 'europe',
    says: 'europe;country=MC;health=weighted',
  },
  {
    when: 'POST comes with three origins',
    ...given({ config: 'three', country: 'DE', method: 'POST' }),
    to: 'europe',
    says: 'europe;country=DE;health=ok',
  },
  {
    when: 'groups are compiled away',
    ...given({ config: 'groupless', country: 'DE' }),
    to: 'europe',
    says: 'europe;country=DE;health=ok',
  },
  {
    when: 'groups are compiled away and the first origin is down',
    ...given({ config: 'groupless', country: 'DE', record: 'europe=0' }),
    to: 'singapore',
    says: 'singapore;country=DE;health=weighted',
  },
  {
    when: 'groups are compiled away and three origins are there',
    ...given({ config: 'three-groupless', record: 'singapore=0' }),
    to: 'tokyo',
    says: 'tokyo;country=IN;health=weighted',
  },
  { when: 'there is one origin', ...given({ config: 'one' }), to: 'singapore', says: 'singapore;country=IN;health=ok' },
  {
    when: 'there is one origin and it is down',
    ...given({ config: 'one', country: 'BR', record: 'singapore=0' }),
    to: 'singapore',
    says: 'singapore;country=*;health=weighted',
  },
  ...(
    [
      ['BR', 'tokyo', 'tokyo'],
      ['MX', 'tokyo', 'tokyo'],
      ['EG', 'europe', 'europe'],
      ['ZA', 'europe', 'europe'],
      ['GB', 'europe+singapore', 'europe'],
      ['NZ', 'singapore+tokyo', 'singapore'],
      ['VN', 'tokyo+europe', 'tokyo'],
    ] as const
  ).map(([country, to, first]) => ({
    when: `one of ten orders belongs to ${country}`,
    ...given({ config: 'ten', country }),
    to,
    says: `${first};country=${country};health=ok`,
  })),
];
