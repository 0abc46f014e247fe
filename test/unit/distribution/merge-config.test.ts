import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { describe, expect, it } from 'vitest';
import { configTree, diffConfigs, fromTree } from '../../../src/distribution/config-tree.ts';
import { hideSecrets } from '../../../src/distribution/format-plan.ts';
import { mergeConfig } from '../../../src/distribution/plan.ts';

const counted = (Items: unknown[]) => ({ Quantity: Items.length, ...(Items.length > 0 && { Items }) });
const behaviors = (patterns: string) => ({
  CacheBehaviors: counted([...patterns].map((PathPattern) => ({ PathPattern, TargetOriginId: 'singapore' }))),
});
const merge = (live: object, file: object, drop: string[] = []) => {
  const { tree, kept } = mergeConfig(configTree(live), configTree(file), drop);
  return { next: fromTree(tree) as DistributionConfig, kept: kept.map(({ path }) => path) };
};

describe('the order of behaviors, of which the first that matches wins', () => {
  it.each([
    { live: 'ab', file: 'ab', next: 'ab' },
    { live: 'ab', file: 'ba', next: 'ba', why: 'the file’s order counts among its own' },
    { live: 'xab', file: 'ab', next: 'xab', why: 'others stay in front' },
    { live: 'axb', file: 'ab', next: 'axb' },
    { live: 'axb', file: 'ba', next: 'bxa', why: 'others keep their place among the file’s' },
    { live: 'axb', file: 'anb', next: 'axnb', why: 'a new one goes before the file’s next' },
    { live: 'axbyc', file: 'anbc', next: 'axnbyc', why: 'and moves no other one' },
    { live: 'axy', file: 'an', next: 'anxy', why: 'a new last one follows the file’s last' },
    { live: 'xy', file: 'n', next: 'xyn', why: 'without any of the file’s it comes last' },
    { live: '', file: 'ab', next: 'ab' },
  ])('of $live with $file is $next', ({ live, file, next }) => {
    const merged = merge(behaviors(live), behaviors(file)).next.CacheBehaviors?.Items ?? [];
    expect(merged.map(({ PathPattern }) => PathPattern).join('')).toBe(next);
  });

  it('shows as a change, unlike that of other lists', () => {
    const diff = (a: object, b: object) => diffConfigs(configTree(a), configTree(b));
    expect(diff(behaviors('ab'), behaviors('ba'))).toEqual([
      { kind: 'change', path: 'CacheBehaviors', before: ['a', 'b'], after: ['b', 'a'] },
    ]);
    expect(diff({ Aliases: counted(['a', 'b']) }, { Aliases: counted(['b', 'a']) })).toEqual([]);
  });

  it('of the members of an origin group shows, too', () => {
    const group = (...ids: string[]) => ({
      OriginGroups: counted([{ Id: 'g', Members: counted(ids.map((OriginId) => ({ OriginId }))) }]),
    });
    expect(diffConfigs(configTree(group('a', 'b')), configTree(group('b', 'a')))).toEqual([
      { kind: 'change', path: 'OriginGroups[g].Members', before: ['a', 'b'], after: ['b', 'a'] },
    ]);
  });
});

describe('what AWS takes only one of', () => {
  const s3 = { Id: 'o', DomainName: 'b.s3.amazonaws.com', S3OriginConfig: { OriginAccessIdentity: 'oai' } };
  const custom = { Id: 'o', DomainName: 'o.example.com', CustomOriginConfig: { HTTPPort: 80, HTTPSPort: 443 } };

  it('an origin’s kind is replaced', () => {
    const { next, kept } = merge({ Origins: counted([s3]) }, { Origins: counted([custom]) });
    expect(next.Origins?.Items).toEqual([custom]);
    expect(kept).toEqual([]);
  });

  it('a cache policy replaces the old way to say the same', () => {
    const old = { TargetOriginId: 'o', ForwardedValues: { QueryString: true }, MinTTL: 5, MaxTTL: 9, Compress: true };
    const { next } = merge({ DefaultCacheBehavior: old }, { DefaultCacheBehavior: { TargetOriginId: 'o', CachePolicyId: 'p' } });
    expect(next.DefaultCacheBehavior).toEqual({ TargetOriginId: 'o', CachePolicyId: 'p', Compress: true });
  });

  it('an own certificate does not inherit the dedicated addresses that come with CloudFront’s, and cost money', () => {
    const live = { ViewerCertificate: { CloudFrontDefaultCertificate: true, SSLSupportMethod: 'vip', MinimumProtocolVersion: 'TLSv1' } };
    const file = { ViewerCertificate: { ACMCertificateArn: 'arn', MinimumProtocolVersion: 'TLSv1.2_2021' } };
    expect(merge(live, file).next.ViewerCertificate).toEqual(file.ViewerCertificate);
  });

  it('an own certificate is not given up for CloudFront’s unless asked', () => {
    const live = {
      ViewerCertificate: { ACMCertificateArn: 'arn', SSLSupportMethod: 'sni-only', Certificate: 'arn', CertificateSource: 'acm' },
    };
    const file = { ViewerCertificate: { CloudFrontDefaultCertificate: true } };
    expect(merge(live, file)).toMatchObject({ next: { ViewerCertificate: { ACMCertificateArn: 'arn' } }, kept: ['ViewerCertificate'] });
    expect(merge(live, file, ['ViewerCertificate']).next).toEqual(file);
  });
});

describe('names that mean the same in either case', () => {
  it('of headers and aliases are the same', () => {
    const config = (alias: string, header: string) => ({
      Aliases: counted([alias]),
      Origins: counted([{ Id: 'o', CustomHeaders: counted([{ HeaderName: header, HeaderValue: '1' }]) }]),
    });
    expect(diffConfigs(configTree(config('WWW.example.com', 'X-Region')), configTree(config('www.example.com', 'x-region')))).toEqual([]);
  });
});

describe('a path to drop', () => {
  const live = { Aliases: counted(['a', 'ab']), Logging: { Enabled: true, Bucket: 'b' }, WebACLId: 'acl', WebACLIdMore: 'x' };

  it.each([
    { drop: ['Aliases[a]'], kept: ['Aliases[ab]', 'Logging', 'WebACLId', 'WebACLIdMore'] },
    { drop: ['Aliases'], kept: ['Logging', 'WebACLId', 'WebACLIdMore'] },
    { drop: ['WebACLId'], kept: ['Aliases[a]', 'Aliases[ab]', 'Logging', 'WebACLIdMore'] },
    { drop: ['Logging.Enabled'], kept: ['Aliases[a]', 'Aliases[ab]', 'Logging', 'WebACLId', 'WebACLIdMore'] },
  ])('$drop leaves $kept', ({ drop, kept }) => {
    expect(merge(live, {}, drop).kept).toEqual(kept);
  });
});

describe('hideSecrets', () => {
  it.each([
    { path: 'Origins[o].CustomHeaders[x-origin-verify].HeaderValue', value: 'sesame', shown: '(hidden)' },
    { path: 'Origins[o].CustomHeaders[x-origin-verify].HeaderValue', value: undefined, shown: undefined },
    { path: 'Origins[o].CustomHeaders[x-region].HeaderValue', value: 'eu-central-1', shown: 'eu-central-1' },
    {
      path: 'Origins[o].CustomHeaders[x-origin-verify]',
      value: { HeaderName: 'X-Origin-Verify', HeaderValue: 'sesame' },
      shown: { HeaderName: 'X-Origin-Verify', HeaderValue: '(hidden)' },
    },
    {
      path: 'Origins[o]',
      value: {
        CustomHeaders: counted([
          { HeaderName: 'X-Region', HeaderValue: 'r' },
          { HeaderName: 'b', HeaderValue: 's' },
        ]),
      },
      shown: {
        CustomHeaders: counted([
          { HeaderName: 'X-Region', HeaderValue: 'r' },
          { HeaderName: 'b', HeaderValue: '(hidden)' },
        ]),
      },
    },
  ])('shows $shown of $path', ({ path, value, shown }) => {
    expect(hideSecrets(value, path)).toEqual(shown);
  });
});
