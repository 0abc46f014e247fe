import { afterEach, describe, expect, it } from 'vitest';
import { openReferenceOrigin } from '../../../local/origin/reference-origin.ts';
import { readDistribution, readKnownDistribution } from '../../../src/config/distribution-file.ts';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { checkLock, checkOrigin, isAddressKnown, type OriginCheck } from '../../../src/verify/checks.ts';
import edgeConfig from '../../fixtures/sample/edge.config.ts';
import { certificate, loopback, openServers } from './open-servers.ts';

const config = parseEdgeConfig(edgeConfig);
const verifySecret = 'the-secret';
const env = {
  AWS_ACCOUNT_ID: '111122223333',
  VIEWER_DOMAIN: 'www.example.test',
  ACM_CERTIFICATE_ARN: 'arn',
  SINGAPORE_DOMAIN: 'alb.example.test',
  EUROPE_DOMAIN: 'alb.example.test',
  ORIGIN_VERIFY_SECRET: verifySecret,
};
const servers = openServers();
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  await servers.close();
  for (const close of closers.splice(0)) await close();
});

/** Singapore at this port. */
async function checkAt(
  port: number,
  protocol: 'http' | 'https' = 'http',
  more: Partial<OriginCheck> & { env?: object } = {},
): Promise<OriginCheck> {
  const { distribution, lacking } = await readKnownDistribution(
    (each) => readDistribution('test/fixtures/sample/distribution.json', each),
    {
      ...env,
      ...more.env,
    },
  );
  return {
    config,
    distribution,
    lacking,
    local: { singapore: { domainName: 'alb.example.test', host: '127.0.0.1', port, protocol } },
    path: undefined,
    samples: 2,
    timeoutMs: undefined,
    maxLatencyMs: undefined,
    now: Date.now(),
    network: { lookup: loopback, ca: certificate('ca') },
    signal: new AbortController().signal,
    ...more,
  };
}

async function openOrigin(secret: string | undefined = verifySecret) {
  const origin = await openReferenceOrigin({ region: 'ap-southeast-1', ...(secret !== '' && { verifySecret: secret }) });
  closers.push(origin.close);
  return origin;
}

const healthy = JSON.stringify({ status: 'ok', region: 'ap-southeast-1', binance_accessible: true });

describe('an origin asked directly', () => {
  it('is asked as CloudFront does, with its secret and the name that viewers use', async () => {
    const seen: unknown[] = [];
    const port = await servers.http((request, response) => {
      seen.push([request.url, request.headers.host, request.headers['x-origin-verify'], request.headers['x-region']]);
      response.end(healthy);
    });
    expect(await checkOrigin('singapore', await checkAt(port))).toMatchObject({
      way: 'direct',
      who: 'singapore',
      outcome: 'ok',
      samples: 2,
    });
    expect(seen[0]).toEqual(['/health', 'www.example.test', verifySecret, 'ap-southeast-1']);
  });

  it('shows its certificate, and fails with one that is for another author', async () => {
    const port = await servers.https('origin', (_, response) => response.end(healthy));
    expect(await checkOrigin('singapore', await checkAt(port, 'https'))).toMatchObject({
      outcome: 'ok',
      tls: { name: 'alb.example.test' },
    });
    const stranger = await servers.https('stranger', (_, response) => response.end(healthy));
    expect(await checkOrigin('singapore', await checkAt(stranger, 'https'))).toMatchObject({
      outcome: 'fail',
      notes: [expect.stringMatching(/^tls: /)],
    });
  });

  it.each([
    { kind: 'bad-body' as const, says: 'status is "degraded", expected "ok"' },
    { kind: '5xx' as const, says: 'status 503, expected 200' },
    { kind: 'refuse' as const, says: expect.stringMatching(/^connect: .*ECONNREFUSED/) },
  ])('fails when it is broken by $kind', async ({ kind, says }) => {
    const origin = await openOrigin();
    await origin.setFault({ kind });
    expect(await checkOrigin('singapore', await checkAt(origin.port))).toMatchObject({ outcome: 'fail', notes: [says] });
  });

  it('is only a warning when it cannot be reached, which may be this machine’s fault', async () => {
    const check = await checkAt(1, 'http', {
      local: undefined,
      network: { lookup: (_, __, callback) => callback(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }), '', 4) },
    });
    expect(await checkOrigin('singapore', check)).toMatchObject({ outcome: 'warn', notes: [expect.stringContaining('dns:')] });
  });

  it('is only a warning when its secret is not known here and it refuses', async () => {
    const port = await servers.http((_, response) => response.writeHead(403).end());
    const check = await checkAt(port, 'http', { env: { ORIGIN_VERIFY_SECRET: '' } });
    expect(await checkOrigin('singapore', check)).toMatchObject({ outcome: 'warn', notes: [expect.stringContaining('not set here')] });
    expect(await checkOrigin('singapore', await checkAt(port))).toMatchObject({ outcome: 'fail' });
  });

  it('is a warning when its place is unknown', async () => {
    const check = await checkAt(1, 'http', { env: { SINGAPORE_DOMAIN: '' } });
    expect([isAddressKnown('singapore', check.distribution), isAddressKnown('europe', check.distribution)]).toEqual([false, true]);
    expect(await checkOrigin('singapore', check)).toMatchObject({ outcome: 'warn', samples: 0 });
  });
});

describe('an origin asked without its secret', () => {
  it('is ok when it refuses, and a warning when it does not', async () => {
    const [locked, open] = [await openOrigin(), await openOrigin('')];
    expect(await checkLock('singapore', await checkAt(locked.port))).toMatchObject({ way: 'lock', outcome: 'ok', statuses: [403] });
    expect(await checkLock('singapore', await checkAt(open.port))).toMatchObject({ outcome: 'warn', statuses: [200] });
  });

  it('is ok when it refuses although the secret is not known here', async () => {
    const { port } = await openOrigin();
    const check = await checkAt(port, 'http', { env: { ORIGIN_VERIFY_SECRET: '' } });
    expect(await checkLock('singapore', check)).toMatchObject({ outcome: 'ok', notes: [expect.stringContaining('403')] });
  });

  it('says in a few words that it cannot be asked', async () => {
    const origin = await openOrigin();
    await origin.setFault({ kind: 'refuse' });
    expect(await checkLock('singapore', await checkAt(origin.port))).toMatchObject({
      outcome: 'warn',
      notes: [expect.stringMatching(/^singapore .*\(connect\)$/)],
    });
  });
});
