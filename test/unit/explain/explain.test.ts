import { describe, expect, it } from 'vitest';
import { parseHealthRecord, weightAt } from '../../../kvs/health-record.ts';
import { everyCountry } from '../../../src/config/countries.ts';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { checkRouting, compareSurveys, listSituations, surveyFunction } from '../../../src/edge/ask/survey.ts';
import { explainCountries, explainViewer, findOrders } from '../../../src/explain/explain.ts';
import { formatComparison, formatCountryGroups, formatExplanation } from '../../../src/explain/format-explain.ts';
import edgeConfig from '../../fixtures/sample/edge.config.ts';
import { type FakeFunction, fakeAsked } from './fake-runtime.ts';

const config = parseEdgeConfig(edgeConfig);

/** A router of its own, by these orders: the last number of the address is the bucket. */
function router(orders: Readonly<Record<string, readonly string[]>>): FakeFunction {
  return ({ country, method, ip, record }) => {
    const order = orders[country ?? ''] ?? orders['*'] ?? [];
    const entries = parseHealthRecord(record ?? '') ?? [];
    const bucket = Number(ip.split('.').at(-1)) % 100;
    const kept = order.filter((origin) => weightAt(entries, origin, 1_764_000_000) > bucket);
    const rest = kept.length === 0 ? order : kept;
    return rest.slice(0, method === 'GET' ? 2 : 1);
  };
}

const three = router({ '*': ['a', 'b', 'c'], DE: ['c', 'a', 'b'], FR: ['b'] });

describe('countries', () => {
  it('are the 249 of the standard, each once', () => {
    const codes = everyCountry.filter((country) => country !== undefined);
    expect(codes).toHaveLength(249);
    expect(new Set(codes).size).toBe(249);
    for (const code of codes) expect(code).toMatch(/^[A-Z]{2}$/);
  });
});

describe('the order of origins', () => {
  it('is found whole by taking origins away, though a request names only two', async () => {
    expect(await findOrders(fakeAsked(three), [undefined, 'DE', 'FR'])).toEqual([['a', 'b', 'c'], ['c', 'a', 'b'], ['b']]);
  });

  it.each<{ when: string; decide: FakeFunction; order: string[] }>([
    { when: 'chooses none', decide: () => [], order: [] },
    { when: 'fails', decide: () => ({ fails: 'TypeError' }), order: [] },
    { when: 'never looks at the record', decide: () => ['a'], order: ['a'] },
  ])('ends for a function that $when', async ({ decide, order }) => {
    expect(await findOrders(fakeAsked(decide), ['IN'])).toEqual([order]);
  });
});

describe('one viewer', () => {
  const explain = async (record: string | undefined, more: object = {}, decide = three) => {
    const asked = fakeAsked(decide);
    const viewer = { country: 'DE', method: 'GET', ip: '203.0.113.63', ...more };
    const explanation = await explainViewer(asked, { viewer, record, config });
    return { explanation, lines: formatExplanation(explanation, { code: 'x', source: 'given', now: asked.now, colour: false }) };
  };

  it('learns which origin takes it, which one is the fallback, and which is not needed', async () => {
    const { explanation, lines } = await explain('ok');
    expect(explanation).toMatchObject({ rule: 'routes[1]', bucket: undefined, failedOpen: false, decision: { route: 'c, then a' } });
    expect(lines.join('\n')).toMatch(/├ c: weight 100: takes .*\n +├ a: weight 100: .*\n +└ b: weight 100: /);
  });

  it('learns its bucket while a weight is partial, as the function has it', async () => {
    const { explanation, lines } = await explain('c=64');
    expect(explanation).toMatchObject({ bucket: 63, decision: { route: 'c, then a' } });
    expect(lines.join('\n')).toMatch(/c: weight 64, .*bucket 63: takes/);
    expect((await explain('c=63')).lines.join('\n')).toMatch(/c: weight 63, .*bucket 63: does not take/);
  });

  it('learns that no origin is left', async () => {
    const { explanation, lines } = await explain('a=0;b=0;c=0');
    expect(explanation.failedOpen).toBe(true);
    expect(lines).toContain('         no origin has a weight for this viewer: the whole order is kept');
  });

  it.each([
    { record: undefined, says: /^record +no record/ },
    { record: 'junk', says: /^record .*"junk"/ },
    { record: 'c=0@1764000100', says: /c: weight 0 until .*: does not take/ },
    { record: 'c=0@1763999999', says: /c: weight 100: takes/ },
  ])('learns what $record means', async ({ record, says }) => {
    const { lines } = await explain(record);
    expect(lines.some((line) => says.test(line.trim()) || says.test(line))).toBe(true);
  });

  it('learns that the function fails', async () => {
    const { lines } = await explain('ok', {}, () => ({ fails: 'TypeError: x in 3' }));
    expect(lines).toContain('goes to  fails with 503: TypeError: x in 3');
  });
});

describe('all viewers', () => {
  it('is grouped by where they go, every country once, on a screen of 80 columns and 24 lines', async () => {
    const audiences = await explainCountries(fakeAsked(three), 'ok', 3);
    expect(audiences.map(({ order }) => order.join())).toEqual(['a,b,c', 'c,a,b', 'b']);
    expect(audiences.flatMap(({ countries }) => countries).sort()).toEqual([...everyCountry].sort());
    const lines = formatCountryGroups(audiences, { columns: 80, colour: false });
    expect(lines.length).toBeLessThanOrEqual(22);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    expect(lines).toContain('c, then a  (order c, a, b): DE');
  });

  it('is grouped by shares, too: two countries of one order may share it differently', async () => {
    // The second address is of the second origin's share for Germany and France, and of the first one's for all others.
    const shared: FakeFunction = ({ country, ip }) =>
      ip === '198.18.0.9' && (country === 'DE' || country === 'FR') ? ['b', 'a'] : ['a', 'b'];
    const addresses = [{ ip: '198.18.0.1' }, { ip: '198.18.0.9' }];
    const audiences = await explainCountries(fakeAsked(shared), 'ok', 2, { countries: ['DE', 'FR', 'IN'], addresses });
    expect(audiences.map(({ countries }) => countries)).toEqual([['DE', 'FR'], ['IN']]);
  });

  it('says what share of them each origin takes while a weight is partial', async () => {
    const [others] = await explainCountries(fakeAsked(three), 'a=25', 3);
    const taken = others?.shares?.['a'] ?? 0;
    expect(taken).toBeGreaterThan(20);
    expect(taken).toBeLessThan(32);
    expect(formatCountryGroups(others === undefined ? [] : [others], { columns: 80, colour: false })[0]).toMatch(
      /^about b \d+ %, a \d+ % {2}\(order a, b, c\)/,
    );
  });
});

describe('two functions', () => {
  const situations = listSituations(['a', 'b', 'c']);
  const survey = (decide: FakeFunction) => surveyFunction(fakeAsked(decide), situations);
  const compare = async (before: FakeFunction, after: FakeFunction) => compareSurveys(await survey(before), await survey(after));
  const format = (comparisons: Awaited<ReturnType<typeof compare>>) => formatComparison(comparisons, { columns: 80, colour: false });

  it('that decide alike differ for no viewer', async () => {
    expect(format(await compare(three, three))).toEqual(['nothing changes, with every origin healthy or one of them down']);
  });

  it('differ for the countries that move, and where they move to is said', async () => {
    const moved = router({ '*': ['a', 'b', 'c'], DE: ['c', 'a', 'b'], FR: ['b'], PT: ['b', 'a', 'c'], ES: ['b', 'a', 'c'] });
    const [well] = await compare(three, moved);
    expect(well?.changes).toEqual([
      {
        countries: ['ES', 'PT'],
        methods: [
          { method: 'GET', before: 'a, then b', after: 'b, then a' },
          { method: 'POST', before: 'a', after: 'b' },
        ],
      },
    ]);
    expect(format(await compare(three, moved)).slice(0, 4)).toEqual([
      'every origin healthy',
      '  2 countries',
      '    a, then b → b, then a',
      '    ES PT',
    ]);
  });

  it('are compared in few lines before a release, with few countries by name', async () => {
    const moved = router({ '*': ['a', 'b', 'c'], DE: ['c', 'a', 'b'], FR: ['b'], PT: ['b', 'a', 'c'], ES: ['b', 'a', 'c'] });
    const brief = formatComparison(await compare(three, moved), { columns: 80, colour: false, brief: true });
    expect(brief.slice(0, 2)).toEqual(['every origin healthy', '  2 countries (ES, PT): a, then b → b, then a']);
    const all = formatComparison(await compare(three, router({ '*': ['b', 'a', 'c'] })), { columns: 80, colour: false, brief: true });
    expect(all[1]).toMatch(/^ {2}\d+ countries and viewers of no known country \(AD, AE, AF, AG and \d+ more\): a, then b → b, then a$/);
    expect(all.length).toBeLessThanOrEqual(30);
  });

  it('differ, too, in what happens only when an origin is down', async () => {
    const comparisons = await compare(three, router({ '*': ['a', 'c', 'b'], DE: ['c', 'a', 'b'], FR: ['b'] }));
    const down = comparisons.find(({ situation }) => situation.title === 'a down');
    expect(down?.changes[0]).toMatchObject({ methods: [{ method: 'GET', before: 'b, then c', after: 'c, then b' }] });
    expect(down?.changes[0]?.countries).toHaveLength(248);
  });

  it('differ when one fails, for which both methods are shown when they differ otherwise', async () => {
    const failing: FakeFunction = (request) => (request.method === 'POST' && request.country === 'IN' ? { fails: 'x' } : three(request));
    const lines = format(await compare(three, failing));
    expect(lines.slice(0, 3)).toEqual(['every origin healthy', '  IN', '    POST a → fails with 503: x']);
  });
});

describe('a function and edge.config.ts', () => {
  const orders = {
    routes: [
      { countries: ['DE'], order: ['c', 'a', 'b'] },
      { countries: ['FR'], order: ['b'] },
    ],
    defaultOrder: ['a', 'b', 'c'],
  };
  const check = async (decide: FakeFunction, perRequestFailover = true) =>
    checkRouting(await surveyFunction(fakeAsked(decide), listSituations(['a', 'b', 'c'])), { ...orders, perRequestFailover });

  it('agree when the function does what is written there', async () => {
    expect(await check(three)).toEqual([]);
  });

  it.each<{ when: string; decide: FakeFunction; says: RegExp }>([
    {
      when: 'a country goes elsewhere',
      decide: (request) => (request.country === 'JP' ? ['b'] : three(request)),
      says: /^JP: every origin healthy, GET: .* a, then b, .* b$/m,
    },
    {
      when: 'viewers go to an origin that is down',
      decide: (request) => three({ ...request, record: 'ok' }),
      says: /a down, GET: .* b, then c, .* a, then b$/m,
    },
    {
      when: 'no viewer is served once all are down',
      decide: (request) => (request.record === 'a=0;b=0;c=0' ? [] : three(request)),
      says: /every origin down, GET: .*own origin$/m,
    },
    { when: 'it fails', decide: () => ({ fails: 'x' }), says: /503: x$/m },
  ])('do not agree when $when', async ({ decide, says }) => {
    expect((await check(decide)).join('\n')).toMatch(says);
  });

  it('agree on single origins when the per-request group is switched off', async () => {
    const single: FakeFunction = (request) => three({ ...request, method: 'POST' });
    expect(await check(single, false)).toEqual([]);
    expect(await check(three, false)).not.toEqual([]);
  });
});
