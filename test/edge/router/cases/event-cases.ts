import { given, type RouterCase } from './router-case.ts';

export const methodCases: readonly RouterCase[] = [
  ...['GET', 'HEAD', 'OPTIONS'].map((method) => ({ method, to: 'singapore+europe' })),
  ...['POST', 'PUT', 'PATCH', 'DELETE', 'PURGE', 'CONNECT', 'get', 'Get', 'GETT', 'GE', ''].map((method) => ({ method, to: 'singapore' })),
].map(({ method, to }) => ({
  when: `the method is ${method || 'empty'}`,
  ...given({ method }),
  to,
  says: 'singapore;country=IN;health=ok',
}));

const toBoth = { to: 'singapore+europe', says: 'singapore;country=*;health=ok' };

export const eventCases: readonly RouterCase[] = [
  { when: 'there are no headers', ...given({ headers: {} }), ...toBoth },
  { when: 'headers are missing', ...given({ headers: undefined, sendable: false }), to: undefined, says: undefined },
  { when: 'headers are null', ...given({ headers: null, sendable: false }), to: undefined, says: undefined },
  { when: 'the country header has no value', ...given({ headers: { 'cloudfront-viewer-country': {} }, sendable: false }), ...toBoth },
  { when: 'the country is null', ...given({ headers: { 'cloudfront-viewer-country': { value: null } }, sendable: false }), ...toBoth },
  { when: 'the country header is null', ...given({ headers: { 'cloudfront-viewer-country': null }, sendable: false }), ...toBoth },
  { when: 'the country header is a text', ...given({ headers: { 'cloudfront-viewer-country': 'IN' }, sendable: false }), ...toBoth },
  { when: 'the country is a number', ...given({ headers: { 'cloudfront-viewer-country': { value: 12 } }, sendable: false }), ...toBoth },
  {
    when: 'the country is a list',
    ...given({ headers: { 'cloudfront-viewer-country': { value: ['I', 'N'] } }, sendable: false }),
    ...toBoth,
  },
  {
    when: 'the country header came twice',
    ...given({ headers: { 'cloudfront-viewer-country': { value: 'DE', multiValue: [{ value: 'DE' }, { value: 'IN' }] } } }),
    to: 'europe+singapore',
    says: 'europe;country=DE;health=ok',
  },
  {
    when: 'the viewer sends x-region and x-origin-route',
    ...given({ headers: { 'x-region': { value: 'eu-central-1' }, 'x-origin-route': { value: 'europe;country=DE;health=ok' } } }),
    ...toBoth,
  },
  {
    when: 'the viewer sends them twice',
    ...given({
      headers: Object.fromEntries(
        ['x-region', 'x-origin-route'].map((name) => [name, { value: 'a', multiValue: [{ value: 'a' }, { value: 'b' }] }]),
      ),
    }),
    ...toBoth,
  },
  {
    when: 'the viewer sends x-region and the headers are else odd',
    ...given({ headers: { 'x-region': null, 'x-origin-route': 'a', 'cloudfront-viewer-country': 'IN' }, sendable: false }),
    ...toBoth,
  },
  {
    when: 'headers have names of Object.prototype',
    ...given({ headers: { constructor: { value: 'a' }, valueof: { value: 'b' }, 123: { value: 'c' } } }),
    ...toBoth,
  },
  { when: 'a header has 2,000 characters', ...given({ headers: { 'x-long': { value: 'x'.repeat(2_000) } } }), ...toBoth },
  { when: 'a header has any character of Latin-1', ...given({ headers: { 'x-odd': { value: 'é\u00ff"\\;=' } } }), ...toBoth },
  {
    when: 'headers hold what no header can carry',
    ...given({ headers: { 'x-odd': { value: '\u0000\r\n\u2028😀' } }, sendable: false }),
    ...toBoth,
  },
  {
    when: 'the query string and the cookies are many',
    ...given({
      spoil: ({ request }) => {
        request['querystring'] = { a: { value: '1', multiValue: [{ value: '1' }, { value: '2' }] }, b: { value: '' } };
        request['cookies'] = { session: { value: 'abc' }, other: { value: '' } };
      },
    }),
    to: 'singapore+europe',
    says: 'singapore;country=IN;health=ok',
  },
  {
    when: 'the method is missing',
    ...given({
      spoil: ({ request }) => {
        delete request['method'];
      },
      sendable: false,
    }),
    to: 'singapore',
    says: 'singapore;country=IN;health=ok',
  },
];
