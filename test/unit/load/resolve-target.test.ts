import { describe, expect, it } from 'vitest';
import { type LookupAll, refuseTarget, resolveTarget } from '../../../src/load/plan-load.ts';

const never: LookupAll = async (name) => {
  throw new Error(`${name} was looked up`);
};
const answers =
  (...addresses: string[]): LookupAll =>
  async () =>
    addresses.map((address) => ({ address }));
const isLoopback = async (url: string, lookup: LookupAll = never) => (await resolveTarget(new URL(url), lookup)).isLoopback;

describe('what is this machine', () => {
  it.each([
    'http://127.0.0.1:4601/',
    'http://127.255.255.254/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0177.0.0.1/',
    'http://127.1/',
    'http://[::1]:8080/',
    'http://[0:0:0:0:0:0:0:1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
  ])('%s, without a lookup', async (url) => {
    expect(await isLoopback(url)).toBe(true);
  });

  it.each([
    'http://8.8.8.8/',
    'http://134744072/',
    'http://0x08080808/',
    'http://010.010.010.010/',
    'http://0.0.0.0/',
    'http://10.0.0.1/',
    'http://128.0.0.1/',
    'http://126.255.255.255/',
    'http://169.254.169.254/',
    'http://[::]/',
    'http://[::2]/',
    'http://[::ffff:8.8.8.8]/',
    'http://[::ffff:808:808]/',
    'http://[::127.0.0.1]/',
    'http://[2001:db8::1]/',
    'http://[fe80::1]/',
  ])('not %s', async (url) => {
    expect(await isLoopback(url)).toBe(false);
  });

  it.each([
    { name: 'localhost', addresses: ['127.0.0.1', '::1'], is: true },
    { name: 'app.localhost', addresses: ['127.0.0.1'], is: true },
    { name: 'localhost.evil.example', addresses: ['203.0.113.9'], is: false },
    { name: '127.0.0.1.evil.example', addresses: ['203.0.113.9'], is: false },
    { name: 'both.example', addresses: ['127.0.0.1', '203.0.113.9'], is: false },
    { name: 'both.example', addresses: ['::1', '2001:db8::1'], is: false },
    { name: 'mapped.example', addresses: ['::ffff:203.0.113.9'], is: false },
    { name: 'localhost', addresses: ['203.0.113.9'], is: false },
    { name: 'odd.example', addresses: ['not an address'], is: false },
  ])('a name by all of its addresses: $name at $addresses', async ({ name, addresses, is }) => {
    expect(await isLoopback(`http://${name}/`, answers(...addresses))).toBe(is);
  });
});

describe('a target', () => {
  it('keeps the addresses of one lookup, so there is no second one', async () => {
    let lookups = 0;
    const target = await resolveTarget(new URL('http://changing.example/'), async () => {
      lookups++;
      return lookups === 1 ? [{ address: '127.0.0.1' }, { address: '127.0.0.1' }] : [{ address: '203.0.113.9' }];
    });
    expect([target.addresses, lookups]).toEqual([['127.0.0.1'], 1]);
  });

  it.each([
    { url: 'http://nowhere.example/', lookup: never, says: 'nowhere.example has no address: nowhere.example was looked up' },
    { url: 'http://empty.example/', lookup: answers(), says: 'empty.example has no address' },
    { url: 'http://user:pass@127.0.0.1/', lookup: never, says: expect.stringMatching(/user or password/) },
  ])('is refused as $url', async ({ url, lookup, says }) => {
    await expect(resolveTarget(new URL(url), lookup)).rejects.toMatchObject({ name: 'EdgeError', message: says });
  });

  it('is refused with its name and where that leads', async () => {
    const named = refuseTarget(await resolveTarget(new URL('https://www.example.com/x'), answers('203.0.113.9', '203.0.113.8')));
    expect(named.message).toBe('www.example.com (203.0.113.9, 203.0.113.8) is not this machine: nothing was sent');
    expect(refuseTarget(await resolveTarget(new URL('http://[2001:db8::1]:81/'), never)).message).toBe(
      '[2001:db8::1]:81 is not this machine: nothing was sent',
    );
    expect(named).toMatchObject({ code: 'USAGE', exitCode: 2, hint: expect.stringContaining('--i-own-this') });
  });
});
