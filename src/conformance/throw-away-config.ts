import type { CacheBehavior, DistributionConfig } from '@aws-sdk/client-cloudfront';
import { completeDistribution } from '../config/complete-distribution.ts';
import type { ConformanceCase } from './conformance-case.ts';

const list = <T>(...Items: T[]) => ({ Quantity: Items.length, Items });
const reads = list('GET' as const, 'HEAD' as const);
const safe = list('GET' as const, 'HEAD' as const, 'OPTIONS' as const);
const all = list('GET' as const, 'HEAD' as const, 'OPTIONS' as const, 'PUT' as const, 'PATCH' as const, 'POST' as const, 'DELETE' as const);

const cachingDisabled = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad';
const cachingOptimized = '658327ea-f89d-4fab-a63d-7e88639e58f6';
const allViewerExceptHost = 'b689b0a8-53d0-40ab-baf2-68738e2966ac';
const allViewerAndCloudFront = '33f36d7e-f396-46d9-90e0-52428a34d9dc';

function origin(Id: string, DomainName: string, more: { headers?: Record<string, string>; readTimeout?: number } = {}) {
  const headers = Object.entries(more.headers ?? {}).map(([HeaderName, HeaderValue]) => ({ HeaderName, HeaderValue }));
  return {
    Id,
    DomainName,
    ConnectionAttempts: 1,
    ConnectionTimeout: 3,
    CustomHeaders: list(...headers),
    CustomOriginConfig: {
      HTTPPort: 80,
      HTTPSPort: 443,
      OriginProtocolPolicy: 'https-only' as const,
      OriginSslProtocols: list('TLSv1.2' as const),
      OriginReadTimeout: more.readTimeout ?? 10,
      OriginKeepaliveTimeout: 5,
    },
  };
}

const pair = {
  Id: 'pair',
  FailoverCriteria: { StatusCodes: list(500, 502, 503, 504) },
  Members: list({ OriginId: 'a' }, { OriginId: 'b' }),
};

/** The distribution of the cases at the edge: a behavior for each kind of question. */
export function throwAwayDistribution(run: string, values: Readonly<Record<string, string>>): DistributionConfig {
  const { domainA = '', domainB = '', edgeArn = '', afterArn = '' } = values;
  const onRequest = list({ FunctionARN: edgeArn, EventType: 'viewer-request' as const });
  const plain = {
    TargetOriginId: 'a',
    ViewerProtocolPolicy: 'allow-all' as const,
    AllowedMethods: { ...all, CachedMethods: safe },
    CachePolicyId: cachingDisabled,
    OriginRequestPolicyId: allViewerExceptHost,
  };
  const routed = { ...plain, FunctionAssociations: onRequest };
  const behaviors: CacheBehavior[] = [
    { ...routed, PathPattern: '/group/*', TargetOriginId: 'pair', AllowedMethods: { ...safe, CachedMethods: safe } },
    { ...plain, PathPattern: '/read/*', AllowedMethods: { ...reads, CachedMethods: reads } },
    { ...plain, PathPattern: '/https/*', ViewerProtocolPolicy: 'https-only' },
    { ...plain, PathPattern: '/redirect/*', ViewerProtocolPolicy: 'redirect-to-https' },
    { ...routed, PathPattern: '/country/*', OriginRequestPolicyId: allViewerAndCloudFront },
    { ...plain, PathPattern: '/plain/*', OriginRequestPolicyId: undefined },
    { ...routed, PathPattern: '/cached/*', CachePolicyId: cachingOptimized },
    { ...plain, PathPattern: '/after/*', FunctionAssociations: list({ FunctionARN: afterArn, EventType: 'viewer-response' }) },
  ];
  return completeDistribution({
    CallerReference: run,
    Comment: `${run}, may be deleted`,
    Enabled: true,
    HttpVersion: 'http1.1',
    PriceClass: 'PriceClass_All',
    Origins: list(
      origin('a', domainA, { headers: { 'x-region': 'region-a' } }),
      origin('b', domainB, { headers: { 'x-region': 'region-b' } }),
      origin('impatient', domainA, { readTimeout: 1 }),
      origin('dead', 'nothing.invalid'),
    ),
    OriginGroups: list(pair),
    DefaultCacheBehavior: routed,
    CacheBehaviors: list(...behaviors),
    CustomErrorResponses: { Quantity: 0 },
  });
}

/**
 * A config that is complete and valid. It is not enabled, so that one that AWS accepts against expectation is soon
 * deleted.
 */
export function smallDistribution(run: string, reference: string): Record<string, unknown> {
  const config = completeDistribution({
    CallerReference: `${run}-${reference}`,
    Comment: `${run}, may be deleted`,
    Enabled: false,
    Origins: list(origin('a', 'a.example.com'), origin('b', 'b.example.com')),
    OriginGroups: list(pair),
    DefaultCacheBehavior: {
      TargetOriginId: 'a',
      ViewerProtocolPolicy: 'redirect-to-https',
      CachePolicyId: cachingDisabled,
    },
  });
  return structuredClone(config) as unknown as Record<string, unknown>;
}

/** Cases of the measurements, by the header x-case. */
export const readWrite = 'read-write';
export const readVersion = 'read-version';

/**
 * One function for all cases at the edge: the header x-case chooses what it does. A function for each would need more
 * behaviors than a distribution may have.
 */
export function edgeFunctionCode(cases: readonly ConformanceCase[], values: Readonly<Record<string, string>>, version: string): string {
  const branches = cases.flatMap(({ id, ask }) =>
    ask.kind === 'edge' && ask.edge !== undefined ? [`  if (asked === '${id}') { ${ask.edge} }`] : [],
  );
  const code = `import cf from 'cloudfront';
async function handler(event) {
  const request = event.request;
  const given = request.headers['x-case'];
  const asked = given ? given.value : '';
  if (asked === '${readVersion}') return { statusCode: 200, headers: { 'x-seen': { value: '${version}' } } };
  if (asked === '${readWrite}') {
    let marker = 'missing';
    try { const found = await cf.kvs().get('marker'); marker = found; } catch (e) { marker = 'missing'; }
    return { statusCode: 200, headers: { 'x-seen': { value: marker } } };
  }
${branches.join('\n')}
  return request;
}
`;
  return code.replace(/\{(domainA|domainB|nonce)\}/g, (_whole, name: string) => values[name] ?? '');
}

export const afterFunctionCode = `function handler(event) {
  event.response.headers['x-after'] = { value: 'ran' };
  return event.response;
}
`;

/**
 * The origin: a Lambda function behind a function URL that answers what it was asked. `?fail=a:503` and `?slow=a:2500`
 * break the one of that name.
 */
export const originSource = `exports.handler = async (event) => {
  const name = process.env.ORIGIN;
  const query = event.rawQueryString || '';
  const read = (key) => (new URLSearchParams(query).get(key) || ':').split(':');
  const [failing, status] = read('fail');
  const [slow, ms] = read('slow');
  if (slow.includes(name)) await new Promise((resolve) => setTimeout(resolve, Number(ms)));
  const bytes = event.body ? Buffer.from(event.body, event.isBase64Encoded ? 'base64' : 'utf8').length : 0;
  return {
    statusCode: failing.includes(name) ? Number(status) : 200,
    headers: { 'content-type': 'application/json', 'x-origin': name },
    body: JSON.stringify({ path: event.rawPath, query, method: event.requestContext.http.method, bytes, headers: event.headers }),
  };
};
`;
