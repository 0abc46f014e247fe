import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterEach, expect, it } from 'vitest';
import { openTestEdge, type TestEdge, type TestHandler, testDistribution } from './open-test-edge.ts';

const tls = (name: string) => readFileSync(new URL(`../../fixtures/tls/${name}.pem`, import.meta.url), 'utf8');

let rig: TestEdge;
let server: https.Server;
const names: (string | false)[] = [];
afterEach(async () => {
  await rig.close();
  server.closeAllConnections();
  server.close();
  names.length = 0;
});

/**
 * An https origin whose certificate is for alb.example.test, unless another one is named; it notes the SNI of each
 * connection.
 */
async function open({ certificate = 'origin', domain = 'alb.example.test', policy, handler }: OpenOptions = {}): Promise<void> {
  server = https.createServer({ key: tls(certificate), cert: tls(certificate) }, (request, response) => response.end(request.headers.host));
  server.on('secureConnection', (socket: TLSSocket) => names.push((socket as TLSSocket & { servername: string | false }).servername));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const distribution = testDistribution({}, policy === undefined ? {} : { OriginRequestPolicyId: policy });
  for (const origin of distribution.Origins?.Items ?? []) origin.DomainName = domain;
  rig = await openTestEdge({
    distribution,
    ...(handler && { handler }),
    resolveOrigin: () => ({ host: '127.0.0.1', port, protocol: 'https' }),
    certificateAuthorities: [tls('ca')],
  });
}

interface OpenOptions {
  certificate?: string;
  domain?: string;
  policy?: string;
  handler?: TestHandler;
}

const allViewerExceptHost = 'b689b0a8-53d0-40ab-baf2-68738e2966ac';

it('sends the origin’s domain as SNI and Host where the viewer’s Host is not forwarded', async () => {
  await open({ policy: allViewerExceptHost });
  expect(await rig.request('/', { headers: { host: 'www.example.test' } })).toMatchObject({ status: 200, body: 'alb.example.test' });
  expect(names).toEqual(['alb.example.test']);
});

it('sends the viewer’s Host as SNI where it is forwarded, and the certificate must be for it', async () => {
  await open({ certificate: 'viewer' });
  expect((await rig.request('/', { headers: { host: 'www.example.test:8443' } })).status).toBe(200);
  expect(names).toEqual(['www.example.test']);
  expect((await rig.request('/', { headers: { host: 'other.example.test' } })).status).toBe(502);
});

it('takes SNI and Host from the function’s overrides', async () => {
  await open({
    handler: (event, cf) => {
      cf.select('europe', { hostHeader: 'inner.example.test', sni: 'alb.example.test' });
      return event.request;
    },
  });
  expect(await rig.request('/')).toMatchObject({ status: 200, body: 'inner.example.test' });
  expect(names).toEqual(['alb.example.test']);
});

it.each(['stranger', 'expired'])('answers 502 to a certificate that is not to be trusted: %s', async (certificate) => {
  await open({ certificate, policy: allViewerExceptHost });
  expect((await rig.request('/')).status).toBe(502);
  expect(rig.records.at(-1)?.reason).toContain('tls');
});
