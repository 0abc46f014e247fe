import { type Given, given, type RouterCase } from './router-case.ts';

/** Addresses by position from 0 to 100; each has its position for good. The bucket is another number. */
const at = {
  0: '198.18.23.173',
  39.4: '2001:db8::1',
  44.4: '203.0.113.96',
  70.3: '203.0.113.134',
  90.001: '198.18.45.239',
  99.001: '198.18.126.51',
  99.5: '203.0.113.7',
} as const;

/** Buckets of these addresses. */
const bucketOf = { 44.4: 0, 70.3: 99, 99.5: 40 } as const;

const row = (position: keyof typeof at, to: string, more: Given & { says?: string } = {}): RouterCase => ({
  when: `the viewer is at ${position} of the shares, from ${more.country ?? 'BR'}, with ${more.record ?? 'ok'}`,
  ...given({ config: 'shared', country: 'BR', ip: at[position], ...more }),
  to,
  says: `${more.says ?? to.split('+')[0]};country=${more.country ?? '*'};health=${(more.record ?? 'ok') === 'ok' ? 'ok' : 'weighted'}`,
});

const drained = (origin: string) => ({ record: `${origin}=0` });

export const shareCases: readonly RouterCase[] = [
  row(0, 'singapore+tokyo'),
  row(70.3, 'singapore+tokyo'),
  row(90.001, 'europe+singapore'),
  row(99.5, 'europe', { method: 'POST' }),
  row(99.001, 'tokyo+singapore', { country: 'IN' }),
  row(90.001, 'singapore+europe', { country: 'IN' }),
  row(44.4, 'tokyo+singapore', { country: 'US' }),
  row(70.3, 'tokyo+europe', { country: 'US' }),
  row(99.5, 'europe+singapore', { country: 'DE' }),
  row(39.4, 'tokyo+europe', { country: 'JP' }),
  row(44.4, 'singapore+tokyo', { country: 'JP' }),
  row(90.001, 'europe+tokyo', { country: 'JP' }),
  // A weight of 0 drains, and the others of the order survive as a group.
  row(0, 'tokyo+europe', drained('singapore')),
  row(90.001, 'singapore+tokyo', drained('europe')),
  row(90.001, 'europe+tokyo', drained('singapore')),
  row(99.5, 'singapore+europe', { country: 'IN', ...drained('tokyo') }),
  row(0, 'europe+tokyo', { country: 'IN', ...drained('singapore') }),
  row(0, 'singapore+tokyo', { record: 'singapore=0;europe=0;tokyo=0' }),
  // A partial weight takes its part of either share, by another number than the share.
  ...([44.4, 70.3, 99.5] as const).flatMap((position) => {
    const [first, second, third] = position > 90 ? ['europe', 'singapore', 'tokyo'] : ['singapore', 'tokyo', 'europe'];
    const keeps = bucketOf[position] + 1;
    return [
      ...(keeps > 99 ? [] : [row(position, `${first}+${second}`, { record: `${first}=${keeps}` })]),
      ...(keeps === 1 ? [] : [row(position, `${second}+${third}`, { record: `${first}=${keeps - 1}` })]),
    ];
  }),
  row(70.3, 'singapore+europe', { config: 'shared-pair' }),
  row(90.001, 'europe+singapore', { config: 'shared-pair' }),
  row(90.001, 'singapore', { config: 'shared-pair', ...drained('europe') }),
  {
    when: 'the viewer of a share tries again',
    ...given({
      config: 'shared-services',
      uri: '/api/x',
      ip: at[90.001],
      method: 'POST',
      headers: { 'x-retry-attempt': { value: '1' } },
    }),
    to: 'WebStackDistOrigin1A2B3C4D',
    says: 'singapore;country=*;health=ok',
  },
  {
    when: 'the order by subdivision has shares',
    ...given({
      config: 'shared-services',
      uri: '/files/x',
      ip: at[44.4],
      method: 'POST',
      headers: { 'cloudfront-viewer-country': { value: 'US' }, 'cloudfront-viewer-country-region': { value: 'CA' } },
    }),
    to: '\'"\\;=@$`</script>',
    says: 'tokyo;country=US-CA;health=ok',
  },
  ...(['viewer', 'ip'] as const).flatMap((missing) =>
    ['BR', 'DE'].map((country) => ({
      when: `the event has no ${missing}, and the order of ${country} ${country === 'BR' ? 'has' : 'has no'} shares`,
      ...given({
        config: 'shared',
        country,
        spoil: (event) => {
          if (missing === 'viewer') delete event.viewer;
          else delete event.viewer?.ip;
        },
        sendable: false,
      }),
      to: country === 'BR' ? undefined : 'europe+singapore',
      says: country === 'BR' ? undefined : 'europe;country=DE;health=ok',
    })),
  ),
];
