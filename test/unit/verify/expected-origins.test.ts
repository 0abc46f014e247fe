import { describe, expect, it } from 'vitest';
import { parseHealthRecord, weightAt } from '../../../kvs/health-record.ts';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { expectByConfiguration, expectByFunction, listAskers } from '../../../src/verify/expected-origins.ts';
import edgeConfig from '../../fixtures/sample/edge.config.ts';
import { type FakeFunction, fakeAsked } from '../explain/fake-runtime.ts';

const config = parseEdgeConfig({
  ...edgeConfig,
  routes: [
    { countries: ['IN'], order: ['singapore', 'europe'] },
    { countries: ['DE', 'FR'], order: ['europe', 'singapore'] },
  ],
});
const local = listAskers(config, { isLocal: true, country: undefined, path: '/health?deep=1' });
const away = listAskers(config, { isLocal: false, country: undefined, path: '/health' });

/** Germany and France go to Europe; the last digit of the address times ten is the viewer's bucket. */
const router: FakeFunction = ({ country, ip, record }) => {
  const order = country === 'DE' || country === 'FR' ? ['europe', 'singapore'] : ['singapore', 'europe'];
  const bucket = 10 * Number(ip.at(-1));
  const kept = order.filter((id) => weightAt(parseHealthRecord(record ?? 'ok') ?? [], id, 0) > bucket || record === 'ok');
  return kept.length > 0 ? kept : order;
};

describe('the viewers asked for', () => {
  it('is every configured country and all other viewers where the country can be chosen', () => {
    expect(local.map(({ name }) => name)).toEqual(['IN', 'DE', 'FR', 'others']);
    expect(local.map(({ viewers }) => viewers.map(({ country, uri }) => ({ country, uri })))).toEqual(
      ['IN', 'DE', 'FR', undefined].map((country) => [{ country, uri: '/health' }]),
    );
  });

  it('is one that may be any viewer where it cannot', () => {
    expect(away.map(({ name }) => name)).toEqual(['from here']);
    expect(new Set(away[0]?.viewers.map(({ country }) => country))).toEqual(new Set(['IN', 'DE', 'FR', undefined]));
  });

  it('is one country when it is named, listed or not', () => {
    expect(listAskers(config, { isLocal: true, country: 'BR', path: '/' }).map(({ name }) => name)).toEqual(['BR']);
    const [asker] = listAskers(config, { isLocal: false, country: 'DE', path: '/' });
    expect([asker?.name, new Set(asker?.viewers.map(({ country }) => country))]).toEqual(['DE', new Set(['DE'])]);
  });
});

describe('where they should go by the function', () => {
  it('is its first choice, and the second is the fallback of a request', async () => {
    expect(await expectByFunction(fakeAsked(router), 'ok', local)).toEqual([
      { right: ['singapore'], fallback: ['europe'], isRecordKnown: true },
      { right: ['europe'], fallback: ['singapore'], isRecordKnown: true },
      { right: ['europe'], fallback: ['singapore'], isRecordKnown: true },
      { right: ['singapore'], fallback: ['europe'], isRecordKnown: true },
    ]);
  });

  it('is the fallback while the record says so', async () => {
    const asked = fakeAsked(({ country, record }) => (record === 'singapore=0' ? ['europe'] : [country === 'DE' ? 'europe' : 'singapore']));
    for (const { right } of await expectByFunction(asked, 'singapore=0', local)) expect(right).toEqual(['europe']);
  });

  it('is any origin for a viewer of any country, and costs one run for each country', async () => {
    const asked = fakeAsked(router);
    expect(await expectByFunction(asked, 'ok', away)).toEqual([{ right: ['singapore', 'europe'], fallback: [], isRecordKnown: true }]);
    expect(asked.runs()).toBe(4);
  });

  it('runs for many addresses while a weight is partial, and for the address that is sent to the local edge', async () => {
    const [india] = listAskers(config, { isLocal: false, country: 'IN', path: '/' });
    expect(await expectByFunction(fakeAsked(router), 'singapore=25', india === undefined ? [] : [india])).toEqual([
      { right: ['singapore', 'europe'], fallback: [], isRecordKnown: true },
    ]);
    const [sent] = await expectByFunction(fakeAsked(router), 'singapore=25', local);
    expect(sent?.right).toEqual(['europe']);
  });

  it('is nothing when the function chooses no origin by its id', async () => {
    const [first] = await expectByFunction(
      fakeAsked(() => []),
      'ok',
      local,
    );
    expect(first).toEqual({ right: [], fallback: [], isRecordKnown: true });
  });
});

it('is the configured order when the record is not known', () => {
  const [india, germany, , others] = expectByConfiguration(config, local);
  expect(india).toEqual({ right: ['singapore'], fallback: ['europe'], isRecordKnown: false });
  expect(germany).toEqual({ right: ['europe'], fallback: ['singapore'], isRecordKnown: false });
  expect(others).toEqual(india);
  expect(expectByConfiguration(config, away)).toEqual([{ right: ['singapore', 'europe'], fallback: [], isRecordKnown: false }]);
});
