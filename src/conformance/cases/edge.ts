import type { ConformanceCase, ViewerCall } from '../conformance-case.ts';

const guide = 'developer guide';
const undocumented = 'not documented';
const routed = ['status', 'x-cache', 'origin'] as const;

type Row = readonly [
  id: string,
  question: string,
  /** What the function does for this case; undefined: it passes the request through. */
  edge: string | undefined,
  requests: readonly ViewerCall[],
  see: readonly string[],
  expect: unknown,
  source: string,
  open?: string,
];

const get = (path = '/x'): readonly ViewerCall[] => [{ path }];
const post = (path = '/x'): readonly ViewerCall[] => [{ path, method: 'POST', body: 'abc', headers: { 'content-type': 'text/plain' } }];
const from = (origin: string, status = 200) => ({ status, 'x-cache': 'miss', origin });
const invalid = { status: 502, 'x-cache': 'FunctionValidationError' };
const broken = { status: 503, 'x-cache': 'FunctionExecutionError' };
const group = (first: string, second: string, codes = '502,503,504') =>
  `cf.createRequestOriginGroup({ originIds: ["${first}", "${second}"], failoverCriteria: { statusCodes: [${codes}] } });`;
const select = (id: string, more = '') => `cf.selectRequestOriginById("${id}"${more});`;

// biome-ignore format: one case a line
const selection: readonly Row[] = [
  ['pass', 'a function that changes nothing', undefined, get(), routed, from('a'), guide],
  ['select', 'GET through selectRequestOriginById', select('b'), get(), routed, from('b'), guide],
  ['select-post', 'POST through selectRequestOriginById', select('b'), post(), [...routed, 'echo.method', 'echo.bytes'], { ...from('b'), 'echo.method': 'POST', 'echo.bytes': 3 }, undocumented, 'POST through select'],
  ['select-put', 'PUT through selectRequestOriginById', select('b'), [{ path: '/x', method: 'PUT', body: 'abcd' }], [...routed, 'echo.method', 'echo.bytes'], { ...from('b'), 'echo.method': 'PUT', 'echo.bytes': 4 }, undocumented, 'POST through select'],
  ['select-delete', 'DELETE through selectRequestOriginById', select('b'), [{ path: '/x', method: 'DELETE' }], [...routed, 'echo.method'], { ...from('b'), 'echo.method': 'DELETE' }, undocumented, 'POST through select'],
  ['select-options', 'OPTIONS through selectRequestOriginById', select('b'), [{ path: '/x', method: 'OPTIONS' }], routed, from('b'), undocumented],
  ['select-head', 'HEAD through selectRequestOriginById', select('b'), [{ path: '/x', method: 'HEAD' }], routed, from('b'), guide],
  ['select-assigned', "selectRequestOriginById with the behavior's own origin", select('a'), get(), routed, from('a'), undocumented, 'selecting the assigned id'],
  ['select-unknown', 'selectRequestOriginById with an id that does not exist', select('none'), get(), ['status', 'x-cache'], invalid, undocumented, 'unknown origin id'],
  ['select-headers', 'which custom headers reach the selected origin', select('b'), get(), ['echo.header:x-region'], { 'echo.header:x-region': 'region-b' }, guide],
  ['select-host', 'hostHeader on an origin without access control', select('b', ', { hostHeader: "{domainA}" }'), get(), ['x-cache', 'origin'], { 'x-cache': 'miss', origin: 'a' }, undocumented, 'hostHeader'],
  ['select-sni', 'sni alone', select('b', ', { sni: "{domainB}" }'), get(), routed, from('b'), guide],
  ['select-upgrade', 'a WebSocket handshake through selectRequestOriginById: the origin that gets it', select('b'), [{ path: '/x', upgrade: true }], ['status', 'origin'], { status: 200, origin: 'b' }, undocumented, 'WebSocket'],
  ['select-dead', 'an origin whose name does not resolve', select('dead'), get(), ['status', 'x-cache'], { status: 502, 'x-cache': 'error' }, guide],
  ['select-slow', 'an origin that answers after its read timeout of 1 s', select('impatient'), get('/x?slow=a:2500'), ['status', 'x-cache'], { status: 504, 'x-cache': 'error' }, guide],
  ['two-helpers', 'two helpers in one run', `${select('b')} ${select('a')}`, get(), ['status', 'x-cache'], invalid, undocumented, 'two helpers in one run'],
  ['select-then-group', 'select and a group in one run', `${select('b')} ${group('a', 'b')}`, get(), ['status', 'x-cache'], invalid, undocumented, 'two helpers in one run'],
  ['update-domain', 'updateRequestOrigin with the domain of the other origin and all settings', 'cf.updateRequestOrigin({ domainName: "{domainB}", customOriginConfig: { port: 443, protocol: "https", sslProtocols: ["TLSv1.2"] } });', get(), routed, from('b'), guide],
  ['update-inherits', 'updateRequestOrigin with a domain alone: whether protocol and port are inherited', 'cf.updateRequestOrigin({ domainName: "{domainB}" });', get(), routed, from('b'), 'the page says so; two public reports saw otherwise', 'updateRequestOrigin inherits the protocol'],
  ['update-headers', 'whether updateRequestOrigin inherits custom headers', 'cf.updateRequestOrigin({ domainName: "{domainB}", customOriginConfig: { port: 443, protocol: "https", sslProtocols: ["TLSv1.2"] } });', get(), ['echo.header:x-region'], { 'echo.header:x-region': 'region-a' }, 'a live run of 2026-10-06'],
  ['update-own-headers', 'updateRequestOrigin with custom headers', 'cf.updateRequestOrigin({ customHeaders: { "x-region": "own" } });', get(), ['origin', 'echo.header:x-region'], { origin: 'a', 'echo.header:x-region': 'own' }, guide],
  ['update-path', 'updateRequestOrigin with an originPath', 'cf.updateRequestOrigin({ originPath: "/base" });', get('/y'), ['echo.path'], { 'echo.path': '/base/y' }, guide],
  ['update-host-header', 'a request header Host that the function changes', 'request.headers.host = { value: "{domainB}" };', get(), ['status', 'x-cache'], invalid, guide],
];

// biome-ignore format: one case a line
const groups: readonly Row[] = [
  ['first', 'a group of the function whose first origin works', group('a', 'b'), get(), routed, from('a'), guide],
  ['failover', 'a group whose first origin answers 503', group('a', 'b'), get('/x?fail=a:503'), routed, from('b'), 'a live run in a public repository'],
  ['other-first', "a group whose first origin is not the behavior's", group('b', 'a'), get(), routed, from('b'), 'a live run in a public repository'],
  ['code-not-listed', 'a group whose first origin answers 500, which is not listed', group('a', 'b'), get('/x?fail=a:500'), routed, { status: 500, 'x-cache': 'error', origin: 'a' }, guide],
  ['code-404', 'a group with the code 404', group('a', 'b', '404'), get('/x?fail=a:404'), routed, from('b'), 'a live run in a public repository'],
  ['dead-first', 'a group whose first origin cannot be reached', group('dead', 'b'), get(), routed, from('b'), guide],
  ['slow-first', 'a group whose first origin is too slow', group('impatient', 'b'), get('/x?slow=a:2500'), routed, from('b'), guide],
  ['both-fail', 'a group whose origins both answer 503', group('a', 'b'), get('/x?fail=ab:503'), routed, { status: 503, 'x-cache': 'error', origin: 'b' }, guide],
  ['post', 'POST through createRequestOriginGroup: an error, the first origin alone, or both', group('a', 'b'), post('/x?fail=a:503'), ['status', 'origin'], { status: 503, origin: 'a' }, undocumented, 'POST through a group'],
  ['post-works', 'POST through createRequestOriginGroup whose first origin works', group('b', 'a'), post(), [...routed, 'echo.bytes'], { ...from('b'), 'echo.bytes': 3 }, undocumented, 'POST through a group'],
  ['options', 'OPTIONS through a group where OPTIONS is cached', group('a', 'b'), [{ path: '/x?fail=a:503', method: 'OPTIONS' }], ['status', 'origin'], { status: 200, origin: 'b' }, 'a live run in a public repository'],
  ['head', 'HEAD through a group', group('a', 'b'), [{ path: '/x?fail=a:503', method: 'HEAD' }], ['status', 'origin'], { status: 200, origin: 'b' }, 'a live run in a public repository'],
  ['unknown', 'a group with an id that does not exist', group('a', 'none'), get(), ['status', 'x-cache'], invalid, undocumented, 'unknown origin id'],
  ['same-twice', 'a group of one origin twice', group('a', 'a'), get(), ['status', 'x-cache'], invalid, undocumented, 'unknown origin id'],
  ['headers', 'which custom headers reach the second origin', group('a', 'b'), get('/x?fail=a:503'), ['echo.header:x-region'], { 'echo.header:x-region': 'region-b' }, 'a live run in a public repository'],
  ['native', "a behavior's own group whose first origin answers 503", undefined, get('/group/x?fail=a:503'), routed, from('b'), guide],
  ['native-post', "POST to a behavior's own group", undefined, post('/group/x'), ['status', 'x-cache'], { status: 403, 'x-cache': 'error' }, guide],
  ['native-update', "updateRequestOrigin on a behavior's own group: its first origin changes, the second stays", 'cf.updateRequestOrigin({ domainName: "{domainA}", customHeaders: { "x-region": "own" } });', get('/group/x?fail=a:503'), ['status', 'origin', 'echo.header:x-region'], { status: 200, origin: 'b', 'echo.header:x-region': 'region-b' }, guide],
];

const seen = (value: string) => `return { statusCode: 200, headers: { "x-seen": { value: String(${value}) } } };`;
// biome-ignore format: one case a line
const behaviors: readonly Row[] = [
  ['read-post', 'POST to a behavior that allows GET and HEAD', undefined, post('/read/x'), ['status', 'x-cache'], { status: 403, 'x-cache': 'error' }, guide],
  ['https-only', 'http to a behavior for https only', undefined, [{ path: '/https/x', scheme: 'http' }], ['status'], { status: 403 }, guide],
  ['redirect', 'http to a behavior that redirects', undefined, [{ path: '/redirect/x', scheme: 'http' }], ['status'], { status: 301 }, guide],
  ['redirect-post', 'POST by http to a behavior that redirects', undefined, [{ path: '/redirect/x', method: 'POST', body: 'a', scheme: 'http' }], ['status'], { status: 307 }, guide],
  ['get-body', 'GET with a body', undefined, [{ path: '/x', method: 'GET', body: 'abc' }], ['status'], { status: 403 }, guide],
  ['not-matched-again', 'whether a changed URI changes the behavior', 'request.uri = "/read/x";', post(), ['status', 'echo.path'], { status: 200, 'echo.path': '/read/x' }, guide],
  ['case', 'whether path patterns are case-sensitive', undefined, post('/READ/x'), ['status'], { status: 200 }, guide],
  ['country-named', 'whether the function sees the country where a policy names it', seen('/^[A-Z]{2}$/.test((request.headers["cloudfront-viewer-country"] || {}).value)'), get('/country/x'), ['header:x-seen'], { 'header:x-seen': 'true' }, guide],
  ['country-spoofed', "a viewer's own country where a policy names it", seen('(request.headers["cloudfront-viewer-country"] || {}).value === "XX"'), [{ path: '/country/x', headers: { 'cloudfront-viewer-country': 'XX' } }], ['header:x-seen'], { 'header:x-seen': 'false' }, guide],
  ['country-unnamed', "a viewer's own country where no policy names it", seen('(request.headers["cloudfront-viewer-country"] || { value: "none" }).value'), [{ path: '/x', headers: { 'cloudfront-viewer-country': 'XX' } }], ['header:x-seen'], { 'header:x-seen': 'none' }, undocumented, "a viewer's own CloudFront-Viewer-Country"],
  ['forwarded-header', 'a header of the viewer under AllViewerExceptHostHeader', undefined, [{ path: '/x', headers: { 'x-own': 'here' } }], ['echo.header:x-own'], { 'echo.header:x-own': 'here' }, guide],
  ['added-header', 'a header that the function adds, under AllViewerExceptHostHeader', 'request.headers["x-added"] = { value: "here" };', get(), ['echo.header:x-added'], { 'echo.header:x-added': 'here' }, undocumented],
  ['no-policy-header', 'a header of the viewer where no policy forwards it', undefined, [{ path: '/plain/x', headers: { 'x-own': 'here' } }], ['origin', 'echo.header:x-own'], { origin: 'a', 'echo.header:x-own': null }, guide],
  ['no-policy-query', 'a query where no policy forwards it', undefined, get('/plain/x?a=1'), ['echo.query'], { 'echo.query': '' }, guide],
  ['uri', 'a URI that the function changes', 'request.uri = "/changed";', get(), ['echo.path'], { 'echo.path': '/changed' }, guide],
  ['query-map', 'a query that the function sets as a map', 'request.querystring = { q: { value: "1" } };', get('/x?a=1'), ['echo.query'], { 'echo.query': 'q=1' }, guide],
  ['query-text', 'a query that the function sets as a text', 'request.querystring = "q=2";', get('/x?a=1'), ['echo.query'], { 'echo.query': 'q=2' }, guide],
  ['response', 'a response of the function', 'return { statusCode: 418, statusDescription: "Teapot", headers: { "x-seen": { value: "own" } }, body: "short and stout" };', get(), ['status', 'header:x-seen', 'body'], { status: 418, 'header:x-seen': 'own', body: 'short and stout' }, guide],
  ['after', 'a viewer-response function', undefined, get('/after/x'), ['status', 'header:x-after'], { status: 200, 'header:x-after': 'ran' }, guide],
  ['after-404', 'a viewer-response function after a 404 of the origin', undefined, get('/after/x?fail=a:404'), ['status', 'header:x-after'], { status: 404, 'header:x-after': null }, guide],
  ['set-cookie', 'a response of the function with set-cookie among its headers', 'return { statusCode: 200, headers: { "set-cookie": { value: "a=1" } } };', get(), ['status', 'header:set-cookie'], { status: 502, 'header:set-cookie': null }, 'not documented; the stricter reading', 'set-cookie in a response'],
  ['content-length', 'a response of the function with a wrong content-length', 'return { statusCode: 200, headers: { "content-length": { value: "1" } }, body: "xyz" };', get(), ['status'], { status: 502 }, 'not documented; the stricter reading', 'content-length in a response'],
  ['cache-hit', 'the second request of a path that is cached', undefined, [{ path: '/cached/{nonce}-1' }, { path: '/cached/{nonce}-1' }], ['x-cache'], { 'x-cache': 'hit' }, guide],
  ['cache-mixes-origins', 'whether two origins share one cache entry', 'if (request.headers["x-pick"]) cf.selectRequestOriginById("b");', [{ path: '/cached/{nonce}-2' }, { path: '/cached/{nonce}-2', headers: { 'x-pick': '1' } }], ['x-cache', 'origin'], { 'x-cache': 'hit', origin: 'a' }, 'a live run of 2026-10-06'],
  ['cache-uri', 'whether the URI that the function leaves is in the cache key', 'request.uri = "/cached/{nonce}-3";', [{ path: '/cached/{nonce}-4' }, { path: '/cached/{nonce}-5' }], ['x-cache'], { 'x-cache': 'hit' }, 'a live run of 2026-09-06'],
];

/** Last, since CloudFront may throttle a function that fails often. */
// biome-ignore format: one case a line
const failures: readonly Row[] = [
  ['header-connection', 'a function that sets Connection', 'request.headers.connection = { value: "close" };', get(), ['status', 'x-cache'], invalid, guide],
  ['returns-nothing', 'a function that returns nothing', 'return undefined;', get(), ['status', 'x-cache'], invalid, guide],
  ['throws', 'a function that throws', 'throw new Error("on purpose");', get(), ['status', 'x-cache'], broken, guide],
  ['kvs-missing', 'a read of a key that is not there, without a catch', 'const absent = await cf.kvs().get("never-there"); request.uri = absent;', get(), ['status', 'x-cache'], broken, guide],
  ['runs-away', 'a function that does not end', 'for (;;) {}', get(), ['status', 'x-cache'], broken, 'two public accounts that differ', 'behaviour at the compute limit'],
];

const toCase =
  (prefix: string) =>
  ([id, question, edge, requests, see, expect, source, open]: Row): ConformanceCase => ({
    id: `${prefix}-${id}`,
    group: 'edge',
    question,
    ask: { kind: 'edge', requests, see, ...(edge !== undefined && { edge }) },
    expect,
    source,
    needs: 'distribution',
    ...(open && { open }),
  });

export const edgeCases: readonly ConformanceCase[] = [
  ...selection.map(toCase('edge')),
  ...groups.map(toCase('group')),
  ...behaviors.map(toCase('behavior')),
];

export const failureCases: readonly ConformanceCase[] = failures.map(toCase('failure'));
