import { type Given, given, type RouterCase } from './router-case.ts';

const at = (uri: string, to: string | undefined, says: string | undefined, more: Given = {}): RouterCase => ({
  when: `the path is ${uri.slice(0, 40)}${more.country === undefined ? '' : ` from ${more.country}`}`,
  ...given({ config: 'services', method: 'POST', uri, ...more }),
  to,
  says,
});

export const serviceCases: readonly RouterCase[] = [
  at('/login', 'europe', 'europe;country=*;health=ok'),
  at('/login/', undefined, undefined),
  at('/api/x', 'singapore', 'singapore;country=IN;health=ok'),
  at('/api/x', 'singapore+tokyo', 'singapore;country=IN;health=ok', { method: 'GET' }),
  at('/api/x', 'europe', 'europe;country=DE;health=ok', { country: 'DE' }),
  at('/api/x', 'singapore', 'singapore;country=*;health=ok', { country: 'JP' }),
  at('/api/x', 'tokyo', 'tokyo;country=IN;health=weighted', { record: 'singapore=0' }),
  at('/api/x', 'singapore', 'singapore;country=IN;health=ok', { config: 'services-groupless' }),
  at('/graphql', 'singapore', 'singapore;country=IN;health=ok'),
  at('/img/x.json', 'singapore', 'singapore;country=IN;health=ok'),
  at('/API/x', undefined, undefined),
  // Every other character of a pattern is itself, and a star is none of a path.
  at('/img/xjson', undefined, undefined),
  at('/api', 'tokyo', 'tokyo;country=*;health=ok'),
  at('/fiiles/x', undefined, undefined),
  at('/files/', 'tokyo', 'tokyo;country=*;health=ok'),
  at('/img/a/b.jpg', undefined, undefined),
  at('/img/a/b.jpeg', 'tokyo', 'tokyo;country=*;health=ok'),
  at('/x/raw/y', 'tokyo', 'tokyo;country=*;health=ok'),
  at('/raw/y', undefined, undefined),
  at('/aab', 'tokyo', 'tokyo;country=*;health=ok'),
  // The end may not begin before the beginning ends.
  at('/ab', 'europe', 'europe;country=IN;health=ok'),
  at('/report/x1y2/z3z', 'europe', 'europe;country=IN;health=ok'),
  at('/r/xy/zz', 'singapore', 'singapore;country=*;health=ok', { country: 'DE' }),
  at('/r/xy/z', undefined, undefined),
  at('/signin/x', 'europe', 'europe;country=*;health=ok', { country: 'DE' }),
  at('/', undefined, undefined),
  at(`/r${'/x'.repeat(2_000)}`, undefined, undefined),
  at('/', undefined, undefined, { record: 'singapore=0;europe=0;tokyo=0' }),
  at('/', undefined, undefined, { store: undefined }),
  at('/', undefined, 'a viewer’s own', {
    headers: { 'x-origin-route': { value: 'a viewer’s own' }, 'cloudfront-viewer-country': { value: 'IN' } },
    sendable: false,
  }),
];
