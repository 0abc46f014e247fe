import { describe, expect, it } from 'vitest';
import { formatTraffic, isSameTraffic, parseTraffic, trafficConfig } from '../../../src/distribution/staging.ts';

describe('parseTraffic', () => {
  it.each([
    { weight: undefined, header: undefined, traffic: { weight: 0.05 } },
    { weight: '0', header: undefined, traffic: { weight: 0 } },
    { weight: '.15', header: undefined, traffic: { weight: 0.15 } },
    { weight: '5%', header: undefined, traffic: { weight: 0.05 } },
    { weight: undefined, header: 'aws-cf-cd-canary', traffic: { header: 'aws-cf-cd-canary', value: 'true' } },
    { weight: undefined, header: 'AWS-CF-CD-Canary=a=b', traffic: { header: 'aws-cf-cd-canary', value: 'a=b' } },
  ])('reads --weight $weight --header $header', ({ weight, header, traffic }) => {
    expect(parseTraffic(weight, header)).toEqual(traffic);
  });

  it.each([
    { weight: '0.16', header: undefined },
    { weight: '16%', header: undefined },
    { weight: '-0.1', header: undefined },
    { weight: '1e-1', header: undefined },
    { weight: 'all', header: undefined },
    { weight: undefined, header: 'x-canary=1' },
    { weight: undefined, header: 'aws-cf-cd-' },
    { weight: undefined, header: 'aws-cf-cd-a=' },
    { weight: undefined, header: 'aws-cf-cd-a=b c' },
    { weight: '0.1', header: 'aws-cf-cd-a' },
  ])('refuses --weight $weight --header $header', ({ weight, header }) => {
    expect(() => parseTraffic(weight, header)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});

describe('what is asked for', () => {
  const traffics = [{ weight: 0.05 }, { weight: 0.1 }, { header: 'aws-cf-cd-a', value: '1' }, { header: 'aws-cf-cd-a', value: '2' }];

  it.each(traffics)('is the same as its own config and as no other: %o', (traffic) => {
    for (const other of traffics) expect(isSameTraffic(trafficConfig(other, undefined), traffic)).toBe(other === traffic);
    expect(isSameTraffic(undefined, traffic)).toBe(false);
  });

  it('reads as people say it', () => {
    expect(formatTraffic({ weight: 0.07 })).toBe('7 % of the viewers');
    expect(formatTraffic({ weight: 0.0005 })).toBe('0.05 % of the viewers');
    expect(formatTraffic({ header: 'aws-cf-cd-a', value: '1' })).toBe('requests with the header aws-cf-cd-a: 1');
  });
});
