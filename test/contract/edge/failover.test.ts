import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { OriginFault } from '../../../local/origin/origin-fault.ts';
import { openServer } from './open-server.ts';
import { hasty, openTestEdge, type TestEdge, type TestHandler, testDistribution } from './open-test-edge.ts';

let rig: TestEdge;
afterEach(() => rig.close());

const grouped: TestHandler = (event, cf) => {
  cf.group(['singapore', 'europe'], [500, 502, 503, 504]);
  return event.request;
};

const alone: TestHandler = (event, cf) => {
  cf.select('singapore');
  return event.request;
};

/** Only a fault that is noticed by waiting needs a short wait. */
const distributionFor = (fault: OriginFault['kind']) => (fault === 'hang' ? hasty(testDistribution()) : testDistribution());

describe('a group made by the function', () => {
  it.each<{ fault: OriginFault; cause: string }>([
    { fault: { kind: 'refuse' }, cause: 'refused' },
    { fault: { kind: 'hang' }, cause: 'read-timeout' },
    { fault: { kind: '5xx', status: 500 }, cause: 'status 500' },
    { fault: { kind: '5xx', status: 504 }, cause: 'status 504' },
  ])('serves GET from the second origin when the first has $fault', async ({ fault, cause }) => {
    rig = await openTestEdge({ distribution: distributionFor(fault.kind), handler: grouped });
    await rig.singapore.setFault(fault);
    const reply = await rig.request('/');
    expect(reply.status).toBe(200);
    expect(reply.headers['x-region']).toBe('eu-central-1');
    expect(JSON.parse(reply.body).headers['x-region']).toBe('eu-central-1');
    expect(rig.records.at(-1)).toMatchObject({ origins: ['singapore', 'europe'], reason: `singapore: ${cause}` });
  });

  it.each([
    { codes: [503], fault: 'refuse', served: true },
    { codes: [502], fault: 'refuse', served: true },
    { codes: [504], fault: 'refuse', served: false },
    { codes: [504], fault: 'hang', served: true },
    { codes: [503], fault: 'hang', served: false },
    { codes: [500], fault: '5xx', served: false },
    { codes: [503], fault: '5xx', served: true },
  ] as const)('with $codes listed and a $fault fault, the second origin serves: $served', async ({ codes, fault, served }) => {
    rig = await openTestEdge({
      distribution: distributionFor(fault),
      handler: (event, cf) => {
        cf.group(['singapore', 'europe'], [...codes]);
        return event.request;
      },
    });
    await rig.singapore.setFault({ kind: fault });
    expect((await rig.request('/')).status === 200).toBe(served);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('asks only the first origin for %s', async (method) => {
    rig = await openTestEdge({ handler: grouped });
    await rig.singapore.setFault({ kind: 'refuse' });
    expect((await rig.request('/', { method, body: 'x' })).status).toBe(502);
    expect(rig.europe.received).toBe(0);
  });

  it('answers with what the second origin said when both fail', async () => {
    rig = await openTestEdge({ handler: grouped });
    await rig.singapore.setFault({ kind: 'refuse' });
    await rig.europe.setFault({ kind: '5xx', status: 500 });
    const reply = await rig.request('/');
    expect(reply).toMatchObject({ status: 500, headers: { 'x-cache': 'Error from cloudfront', 'x-region': 'eu-central-1' } });
  });
});

describe('one origin alone', () => {
  it.each<{ fault: OriginFault; status: number; reason: string }>([
    { fault: { kind: 'refuse' }, status: 502, reason: 'refused' },
    { fault: { kind: 'hang' }, status: 504, reason: 'read-timeout' },
    { fault: { kind: '5xx', status: 503 }, status: 503, reason: '' },
  ])('answers $status for $fault', async ({ fault, status, reason }) => {
    rig = await openTestEdge({ distribution: distributionFor(fault.kind), handler: alone });
    await rig.singapore.setFault(fault);
    const reply = await rig.request('/', { method: 'POST', body: 'x' });
    expect(reply.status).toBe(status);
    expect(reply.headers['x-cache']).toBe('Error from cloudfront');
    expect(rig.records.at(-1)?.reason ?? '').toContain(reason);
  });

  it('answers 504 when no connection comes about in time', async () => {
    const silent = net.createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    // The TLS handshake is part of connecting, and this server never takes part in one.
    rig = await openTestEdge({
      distribution: hasty(testDistribution()),
      handler: alone,
      resolveOrigin: () => ({ host: '127.0.0.1', port, protocol: 'https' }),
    });
    expect((await rig.request('/', { method: 'POST', body: 'x' })).status).toBe(504);
    expect(rig.records.at(-1)?.reason).toContain('connect-timeout');
    silent.close();
  });

  it('answers 502 when the origin speaks no TLS', async () => {
    rig = await openTestEdge({
      handler: alone,
      resolveOrigin: () => ({ host: '127.0.0.1', port: rig.singapore.port, protocol: 'https' }),
    });
    expect((await rig.request('/')).status).toBe(502);
    expect(rig.records.at(-1)?.reason).toContain('tls');
  });

  it('answers 502 when the origin’s headers are longer than CloudFront takes', async () => {
    const { port, close } = await openServer((request, response) => {
      response.setHeader('x-long', 'a'.repeat(Number(request.url?.slice(1)))).end();
    });
    rig = await openTestEdge({ handler: alone, resolveOrigin: () => ({ host: '127.0.0.1', port, protocol: 'http' }) });
    expect((await rig.request('/14000')).status).toBe(200);
    expect((await rig.request('/33000')).status).toBe(502);
    expect(rig.records.at(-1)?.reason).toContain('dropped');
    await close();
  });

  it('answers 502 when the name does not resolve', async () => {
    rig = await openTestEdge({
      handler: alone,
      resolveOrigin: () => ({ host: 'nowhere.invalid', port: 80, protocol: 'http' }),
    });
    expect((await rig.request('/')).status).toBe(502);
    expect(rig.records.at(-1)?.reason).toMatch(/dns/);
  });

  it('tries to read again for GET, as often as it may connect, and never for POST', async () => {
    const distribution = hasty(testDistribution());
    for (const origin of distribution.Origins?.Items ?? []) origin.ConnectionAttempts = 2;
    rig = await openTestEdge({ handler: alone, distribution });
    await rig.singapore.setFault({ kind: 'hang' });
    const [get, post] = await Promise.all([rig.request('/'), rig.request('/', { method: 'POST', body: 'x' })]);
    expect([get.status, post.status]).toEqual([504, 504]);
    expect(rig.singapore.received).toBe(3);
  });

  it('breaks the viewer’s connection off when the origin breaks off in the middle of a body', async () => {
    rig = await openTestEdge({ handler: alone });
    await rig.singapore.setFault({ kind: 'bad-body' });
    await expect(rig.request('/')).rejects.toThrow(/aborted|hang up/);
    await expect.poll(() => rig.records.at(-1)?.reason).toContain('broke off');
  });

  it('serves again as soon as the origin is back', async () => {
    rig = await openTestEdge({ handler: alone });
    await rig.request('/');
    await rig.singapore.setFault({ kind: 'refuse' });
    expect((await rig.request('/')).status).toBe(502);
    await rig.singapore.setFault({ kind: 'none' });
    expect((await rig.request('/')).status).toBe(200);
  });
});

describe('an origin group of the distribution', () => {
  const distribution = testDistribution(
    {
      OriginGroups: {
        Quantity: 1,
        Items: [
          {
            Id: 'both',
            FailoverCriteria: { StatusCodes: { Quantity: 1, Items: [503] } },
            Members: { Quantity: 2, Items: [{ OriginId: 'singapore' }, { OriginId: 'europe' }] },
          },
        ],
      },
    },
    {
      TargetOriginId: 'both',
      AllowedMethods: {
        Quantity: 3,
        Items: ['GET', 'HEAD', 'OPTIONS'],
        CachedMethods: { Quantity: 2, Items: ['GET', 'HEAD'] },
      },
    },
  );

  it('fails over for GET and HEAD, and for OPTIONS only when it is cached', async () => {
    rig = await openTestEdge({ distribution });
    await rig.singapore.setFault({ kind: '5xx' });
    expect((await rig.request('/')).status).toBe(200);
    expect((await rig.request('/', { method: 'HEAD' })).status).toBe(200);
    expect((await rig.request('/', { method: 'OPTIONS' })).status).toBe(503);
  });

  it('tries the primary again for every request', async () => {
    rig = await openTestEdge({ distribution });
    await rig.singapore.setFault({ kind: '5xx' });
    await rig.request('/');
    await rig.request('/');
    expect(rig.singapore.received).toBe(2);
  });

  it('is left aside when the function selects an origin', async () => {
    rig = await openTestEdge({ distribution, handler: alone });
    await rig.singapore.setFault({ kind: '5xx' });
    expect((await rig.request('/')).status).toBe(503);
  });
});
