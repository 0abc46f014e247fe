import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkCustomHeaders, checkOriginCalls } from '../../../../src/edge/judge/check-origin-call.ts';

const check = (helper: string, ...args: unknown[]) => checkOriginCalls([[helper, args]], 'viewer-request');
const group = { originIds: [{ originId: 'a' }, { originId: 'b' }], failoverCriteria: { statusCodes: [500, 502, 503, 504] } };
const config = { port: 443, protocol: 'https', sslProtocols: ['TLSv1.2'] };
const oac = { enabled: true, signingBehavior: 'always', signingProtocol: 'sigv4', originType: 's3' };

describe('accepted calls', () => {
  it.each([
    { helper: 'selectRequestOriginById', args: ['europe'] },
    { helper: 'selectRequestOriginById', args: ['europe', {}] },
    {
      helper: 'selectRequestOriginById',
      args: ['europe', { hostHeader: 'a.example.com', sni: 'b.example.com', allowedCertificateNames: ['*.example.com'] }],
    },
    { helper: 'createRequestOriginGroup', args: [group] },
    { helper: 'createRequestOriginGroup', args: [{ ...group, selectionCriteria: 'media-quality-score' }] },
    {
      helper: 'createRequestOriginGroup',
      args: [{ ...group, originIds: [{ originId: 'a', originOverrides: { sni: 'x.example.com' } }, { originId: 'b' }] }],
    },
    { helper: 'updateRequestOrigin', args: [{}] },
    { helper: 'updateRequestOrigin', args: [{ mTLSConfig: 'off' }] },
    {
      helper: 'updateRequestOrigin',
      args: [{ domainName: 'a.example.com', customOriginConfig: { ...config, ipAddressType: 'dualstack' } }],
    },
    { helper: 'updateRequestOrigin', args: [{ originPath: '/a/b%20c', connectionAttempts: 3, customHeaders: { 'x-region': 'eu' } }] },
    {
      helper: 'updateRequestOrigin',
      args: [{ timeouts: { readTimeout: 120, responseCompletionTimeout: 120, keepAliveTimeout: 1, connectionTimeout: 10 } }],
    },
    {
      helper: 'updateRequestOrigin',
      args: [{ originShield: { enabled: true, region: 'eu-central-1' }, originAccessControlConfig: { enabled: false } }],
    },
    { helper: 'updateRequestOrigin', args: [{ originAccessControlConfig: { ...oac, region: 'us-east-1' } }] },
  ])('$helper($args)', ({ helper, args }) => {
    const { call, problems } = check(helper, ...args);
    expect(problems).toEqual([]);
    expect(call?.helper).toBe(helper);
  });

  it('no call at all', () => {
    expect(checkOriginCalls([], 'viewer-response')).toEqual({ call: undefined, problems: [] });
  });
});

describe('refused calls', () => {
  const select = (...args: unknown[]) => ({ helper: 'selectRequestOriginById', args });
  const create = (change: object) => ({ helper: 'createRequestOriginGroup', args: [{ ...group, ...change }] });
  const update = (settings: unknown) => ({ helper: 'updateRequestOrigin', args: [settings] });
  it.each([
    { ...select(), problem: 'origin id' },
    { ...select(''), problem: 'origin id' },
    { ...select({ originId: 'a' }), problem: 'an object' },
    { ...select('a', { domainName: 'x.example.com' }), problem: 'does not know domainName' },
    { ...select('a', { hostHeader: 'x.example.com:80' }), problem: 'colon' },
    { ...select('a', { hostHeader: '10.0.0.1' }), problem: 'not an address' },
    { ...select('a', { sni: 'x'.repeat(254) }), problem: '253' },
    { ...select('a', { allowedCertificateNames: Array(21).fill('a') }), problem: '20' },
    { ...select('a', { allowedCertificateNames: ['x'.repeat(65)] }), problem: '64' },
    { helper: 'createRequestOriginGroup', args: [], problem: 'takes an object' },
    { ...create({ originIds: ['', { originId: 'b' }] }), problem: 'originIds[0] must be an origin id' },
    { ...create({ originIds: [1, { originId: 'b' }] }), problem: 'originIds[0] must be an origin id' },
    { ...create({ originIds: ['a', { originId: 'a' }] }), problem: 'different' },
    { ...create({ originIds: [{ originId: 'a' }] }), problem: 'exactly two' },
    { ...create({ originIds: [{ originId: 'a' }, { originId: 'b' }, { originId: 'c' }] }), problem: 'exactly two' },
    { ...create({ originIds: [{ originId: 'a' }, { originId: 'a' }] }), problem: 'different' },
    { ...create({ originIds: [{ originId: 'a' }, { originId: 1 }] }), problem: 'originIds[1].originId' },
    { ...create({ originIds: [{ originId: 'a' }, { originId: 'b', weight: 1 }] }), problem: 'weight' },
    { ...create({ failoverCriteria: undefined }), problem: 'statusCodes' },
    { ...create({ failoverCriteria: { statusCodes: [] } }), problem: 'statusCodes' },
    { ...create({ failoverCriteria: { statusCodes: [500, 501] } }), problem: '501' },
    { ...create({ failoverCriteria: { statusCodes: ['500'] } }), problem: '"500"' },
    { ...create({ selectionCriteria: 'media-quality-based' }), problem: 'selectionCriteria' },
    { ...create({ selectionCriterion: 'default' }), problem: 'selectionCriterion' },
    { ...update(undefined), problem: 'takes an object' },
    { ...update({ domain: 'a.example.com' }), problem: 'does not know domain' },
    { ...update({ toString: 1 }), problem: 'does not know toString' },
    { ...update({ domainName: 'a.example.com:8080' }), problem: 'colon' },
    { ...update({ domainName: '' }), problem: 'DNS name' },
    { ...update({ originPath: 'a' }), problem: 'originPath' },
    { ...update({ originPath: '/a/' }), problem: 'originPath' },
    { ...update({ originPath: '/a b' }), problem: 'originPath' },
    { ...update({ customHeaders: { 'X-Region': 'eu' } }), problem: 'lower case' },
    { ...update({ mTLSConfig: 'on' }), problem: 'inherit, off' },
    { ...update({ customHeaders: { 'x-region': { value: 'eu' } } }), problem: 'must be a string' },
    { ...update({ customHeaders: { 'x-edge-a': 'b' } }), problem: 'not allowed' },
    { ...update({ customHeaders: { host: 'b' } }), problem: 'not allowed' },
    { ...update({ customHeaders: { 'x-a': 'b\n' } }), problem: 'control' },
    { ...update({ connectionAttempts: 0 }), problem: '1 to 3' },
    { ...update({ connectionAttempts: 4 }), problem: '1 to 3' },
    { ...update({ connectionAttempts: '2' }), problem: '1 to 3' },
    { ...update({ originShield: { enabled: true } }), problem: 'region is required' },
    { ...update({ originShield: {} }), problem: 'enabled is required' },
    {
      ...update({ originAccessControlConfig: { enabled: true, signingBehavior: 'always', signingProtocol: 'sigv4' } }),
      problem: 'originType is required',
    },
    { ...update({ originAccessControlConfig: { ...oac, signingBehavior: 'sometimes' } }), problem: 'signingBehavior' },
    { ...update({ timeouts: { readTimeout: 121 } }), problem: '1 to 120' },
    { ...update({ timeouts: { connectionTimeout: 11 } }), problem: '1 to 10' },
    { ...update({ timeouts: { keepAliveTimeout: 0 } }), problem: '1 to 120' },
    { ...update({ timeouts: { readTimeout: 30, responseCompletionTimeout: 29 } }), problem: 'below readTimeout' },
    { ...update({ customOriginConfig: { port: 443, protocol: 'https' } }), problem: 'sslProtocols is required' },
    { ...update({ customOriginConfig: { ...config, protocol: 'match-viewer' } }), problem: 'protocol' },
    { ...update({ customOriginConfig: { ...config, sslProtocols: ['TLSv1.3'] } }), problem: 'sslProtocols[0]' },
    { ...update({ customOriginConfig: { ...config, ipAddressType: 'ipv4' } }), problem: 'needs domainName' },
  ])('$helper($args)', ({ helper, args, problem }) => {
    const { call, problems } = check(helper, ...args);
    expect(call).toBeUndefined();
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });

  it('two in one run, whichever they are', () => {
    const calls: [string, unknown[]][] = [
      ['selectRequestOriginById', ['a']],
      ['createRequestOriginGroup', [group]],
    ];
    expect(checkOriginCalls(calls, 'viewer-request').problems.join()).toContain('exactly one');
  });

  it('any in a viewer-response function', () => {
    expect(checkOriginCalls([['selectRequestOriginById', ['a']]], 'viewer-response').problems).toHaveLength(1);
  });

  it('no argument makes the check throw', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('selectRequestOriginById', 'createRequestOriginGroup', 'updateRequestOrigin'),
        fc.array(fc.jsonValue()),
        (helper, args) => {
          const { call, problems } = check(helper, ...args);
          expect(call === undefined).toBe(problems.length > 0);
        },
      ),
    );
  });
});

it('refuses a custom header that the request already carries', () => {
  const { call } = check('updateRequestOrigin', { customHeaders: { 'x-stage': 'b', 'x-other': 'c' } });
  expect(checkCustomHeaders(call, { headers: { 'x-stage': { value: 'a' } } })).toEqual(['customHeaders.x-stage is in request.headers too']);
  expect(checkCustomHeaders(call, { headers: {} })).toEqual([]);
});

it.each([{ originIds: ['a', 'b'] }, { originIds: [{ originId: 'a' }, 'b'] }, { originIds: ['a', { originId: 'b' }] }])(
  'a group takes origin ids as texts and as objects: $originIds',
  ({ originIds }) => {
    const { call, problems } = check('createRequestOriginGroup', { ...group, originIds });
    expect(problems).toEqual([]);
    expect(call).toMatchObject({ originIds: [{ originId: 'a' }, { originId: 'b' }] });
  },
);
