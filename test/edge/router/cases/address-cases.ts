import { given, type RouterCase, viewer } from './router-case.ts';

/** Each address has its bucket for good: another one would send viewers over in the middle of a ramp. */
const addresses: [when: string, ip: string, bucket: number][] = [
  ['an IPv4 address', viewer, 40],
  ['an IPv4 address in the first bucket', '203.0.113.96', 0],
  ['an IPv4 address in the last bucket', '203.0.113.134', 99],
  ['an IPv6 address', '2001:db8::1', 11],
  ['the same IPv6 address, written out', '2001:db8:0:0:0:0:0:1', 22],
  ['an IPv4 address in an IPv6 one', '::ffff:203.0.113.7', 54],
  ['empty', '', 82],
  ['no address', 'not an address', 47],
  ['2,000 characters long', 'f'.repeat(2_000), 29],
  ['an astral character', '😀', 16],
  ['a zero byte', '\u0000', 57],
];

export const addressCases: readonly RouterCase[] = [
  ...addresses.flatMap(([when, ip, bucket]) => {
    const partly = (weight: number) => given({ ip, record: `singapore=${weight}` });
    return [
      ...(bucket === 0 ? [] : [{ when: `the viewer's address is ${when}, at the weight ${bucket}`, ...partly(bucket), to: 'europe' }]),
      { when: `the viewer's address is ${when}, at the weight ${bucket + 1}`, ...partly(bucket + 1), to: 'singapore+europe' },
    ];
  }),
  {
    when: 'half of the viewers are kept, and this one is not of them',
    ...given({ ip: '203.0.113.134', record: 'singapore=50' }),
    to: 'europe',
  },
  ...(['viewer', 'ip'] as const).flatMap((missing) =>
    ['ok', 'singapore=100', 'mars=50', 'singapore=37'].map((record) => ({
      when: `the event has no ${missing} and the record is ${record}`,
      ...given({
        record,
        spoil: (event) => {
          if (missing === 'viewer') delete event.viewer;
          else delete event.viewer?.ip;
        },
        sendable: false,
      }),
      // A share of the viewers needs an address.
      to: /\d{2}$/.test(record) && record !== 'singapore=100' ? undefined : 'singapore+europe',
    })),
  ),
].map((row) => {
  const record = row.input.store?.values.get('health');
  return { ...row, says: row.to && `${row.to.split('+')[0]};country=IN;health=${record === 'ok' ? 'ok' : 'weighted'}` };
});
