import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseDistribution } from '../../../src/config/distribution-file.ts';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { buildProbeTarget } from '../../../src/probe/probe-origin.ts';

const config = parseEdgeConfig({ origins: { singapore: { region: 'ap-southeast-1' } }, defaultOrder: ['singapore'] });
const env = {
  VIEWER_DOMAIN: 'www.example.com',
  ACM_CERTIFICATE_ARN: 'arn:aws:acm:us-east-1:111122223333:certificate/1',
  AWS_ACCOUNT_ID: '111122223333',
  ORIGIN_VERIFY_SECRET: 'secret',
  SINGAPORE_DOMAIN: 'alb.ap-southeast-1.example.com',
  EUROPE_DOMAIN: 'alb.eu-central-1.example.com',
};
const distribution = parseDistribution(readFileSync('test/fixtures/sample/distribution.json', 'utf8'), env);
const [signal] = config.origins['singapore']?.signals ?? [];
if (signal?.type !== 'http') throw new Error('the default signal is an http one');

describe('buildProbeTarget', () => {
  it('goes where CloudFront goes, as the viewer’s host', () => {
    expect(buildProbeTarget('singapore', signal, config, distribution)).toMatchObject({
      protocol: 'https',
      domainName: 'alb.ap-southeast-1.example.com',
      port: 443,
      ipAddressType: 'ipv4',
      host: 'www.example.com',
      path: '/health',
      region: 'ap-southeast-1',
      connectTimeoutMs: 2_000,
      timeoutMs: 3_000,
    });
  });

  it('finds the origin of an alias by its id', () => {
    const origins = { home: { region: 'ap-southeast-1', originId: 'singapore' }, away: { region: 'eu-central-1', originId: 'elsewhere' } };
    const aliased = parseEdgeConfig({ origins, defaultOrder: ['home'] });
    expect(buildProbeTarget('home', signal, aliased, distribution)?.domainName).toBe('alb.ap-southeast-1.example.com');
    expect(buildProbeTarget('away', signal, aliased, distribution)).toBeUndefined();
    expect(buildProbeTarget('singapore', signal, aliased, distribution)).toBeUndefined();
  });

  it('takes the port and protocol of the origin, and the host of the signal', () => {
    const plain = structuredClone(distribution);
    const custom = plain.Origins?.Items?.[0]?.CustomOriginConfig;
    if (custom === undefined) throw new Error('the origin is a custom one');
    custom.OriginProtocolPolicy = 'http-only';
    custom.HTTPPort = 8080;
    custom.IpAddressType = 'dualstack';
    expect(buildProbeTarget('singapore', { ...signal, host: 'probe.example.com' }, config, plain)).toMatchObject({
      protocol: 'http',
      port: 8080,
      ipAddressType: 'dualstack',
      host: 'probe.example.com',
    });
    const nameless = { ...distribution, Aliases: { Quantity: 0 } };
    expect(buildProbeTarget('singapore', signal, config, nameless)?.host).toBe('alb.ap-southeast-1.example.com');
  });

  it('has none for an origin that one of the files does not define', () => {
    expect(buildProbeTarget('mars', signal, config, distribution)).toBeUndefined();
    expect(buildProbeTarget('europe', signal, config, distribution)).toBeUndefined();
  });
});
