import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { describe, expect, it } from 'vitest';
import { describePlan, formatPlan } from '../../../src/distribution/format-plan.ts';
import { planDistribution } from '../../../src/distribution/plan.ts';

const origin = (Id: string, HeaderValue = 'sesame') => ({
  Id,
  DomainName: `${Id}.example.com`,
  CustomHeaders: {
    Quantity: 2,
    Items: [
      { HeaderName: 'x-region', HeaderValue: 'eu-central-1' },
      { HeaderName: 'x-origin-verify', HeaderValue },
    ],
  },
});
const config = (change: object = {}) =>
  ({
    CallerReference: 'c',
    Comment: '',
    Enabled: true,
    Origins: { Quantity: 1, Items: [origin('europe')] },
    DefaultCacheBehavior: { TargetOriginId: 'europe', ViewerProtocolPolicy: 'https-only' },
    ...change,
  }) as DistributionConfig;
const live = (change: object = {}) => ({
  id: 'E1',
  arn: 'arn',
  domainName: 'd1.cloudfront.net',
  isDeployed: true,
  etag: 'E',
  config: config(change),
});

describe('formatPlan', () => {
  it('says that there is nothing to do', () => {
    expect(formatPlan(planDistribution(live(), config()), false)).toEqual(['distribution E1 (d1.cloudfront.net)', 'nothing to do']);
  });

  it('prints a new distribution as additions only', () => {
    expect(formatPlan(planDistribution(undefined, config({ Comment: ' edge\u001b[2J' })), false)).toEqual([
      'a new distribution',
      '  + CallerReference: c',
      '  + Comment: " edge\\u001b[2J"',
      '  + Enabled: true',
      '  + Origins[europe]',
      '      DomainName     europe.example.com',
      '      CustomHeaders  x-region eu-central-1, x-origin-verify (hidden)',
      '  + DefaultCacheBehavior.TargetOriginId: europe',
      '  + DefaultCacheBehavior.ViewerProtocolPolicy: https-only',
      '6 to add, 0 to change, 0 to remove, 0 kept',
    ]);
  });

  it('prints changes by their paths, from the default where nothing was set, and what stays', () => {
    const before = live({ WebACLId: 'acl', Aliases: { Quantity: 2, Items: ['old.example.com', 'gone.example.com'] } });
    const file = config({
      Origins: { Quantity: 2, Items: [{ ...origin('europe', 'another'), ConnectionTimeout: 2 }, origin('singapore')] },
      Aliases: { Quantity: 1, Items: ['www.example.com'] },
    });
    expect(formatPlan(planDistribution(before, file, ['Aliases[gone.example.com]']), false)).toEqual([
      'distribution E1 (d1.cloudfront.net)',
      '  ~ Origins[europe].CustomHeaders[x-origin-verify].HeaderValue: (hidden) → (hidden) (another value)',
      '  ~ Origins[europe].ConnectionTimeout: 10 → 2',
      '  + Origins[singapore]',
      '      DomainName     singapore.example.com',
      '      CustomHeaders  x-region eu-central-1, x-origin-verify (hidden)',
      '  - Aliases[gone.example.com]',
      '  + Aliases[www.example.com]',
      '  kept, because distribution.json does not mention it; --drop <path> removes it:',
      '    WebACLId                  acl',
      '    Aliases[old.example.com]  old.example.com',
      '2 to add, 2 to change, 1 to remove, 2 kept',
    ]);
  });

  it('keeps secrets out of the JSON, too', () => {
    const plans = [
      planDistribution(undefined, config()),
      planDistribution(live({ Origins: { Quantity: 2, Items: [origin('europe', 'sesame2'), origin('other')] } }), config()),
    ];
    for (const plan of plans) {
      expect(plan.changes.length + plan.kept.length).toBeGreaterThan(0);
      expect(JSON.stringify(describePlan(plan))).not.toContain('sesame');
      expect(formatPlan(plan, false).join()).not.toContain('sesame');
    }
  });
});
