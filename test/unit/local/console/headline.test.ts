import { describe, expect, it } from 'vitest';
import { describeHeadline } from '../../../../local/console/page/headline.ts';
import type { AudienceState, ConsoleState, OriginState, ProbeState, Second, WorldState } from '../../../../local/console/wire.ts';

const now = 1_764_000_000_000;
const origin = (id: string, more: Partial<OriginState> = {}): OriginState => ({
  id,
  region: 'eu-central-1',
  port: 1,
  fault: 'none',
  verdict: 'healthy',
  since: now,
  why: null,
  probe: null,
  probes: '',
  storeWeight: 100,
  edgeWeight: 100,
  ...more,
});
const state: ConsoleState = {
  target: { name: 'local', isLocal: true, account: null, store: 'edge-health', mayWrite: true },
  edge: 'http://127.0.0.1:1',
  origins: [origin('singapore'), origin('europe')],
  record: 'ok',
  isReadable: true,
  edited: false,
  override: null,
  locations: [{ name: 'SIN50-L1', record: 'ok' }],
  settlesAt: null,
  replica: { failReads: false, transientMiss: false },
  flipper: { running: true, beatAt: now, everyMs: 1_000, hold: null },
  viewers: 0,
  stepMs: 1_000,
  calls: null,
  hints: [],
  logs: [],
  readAt: null,
  author: 'ann@laptop',
};
const audience = (home: string, by: string, countries: (string | null)[], shares: AudienceState['shares'] = null): AudienceState => ({
  countries,
  order: home === 'singapore' ? ['singapore', 'europe'] : ['europe', 'singapore'],
  get: by,
  post: by,
  shares,
});
const worldOf = (...audiences: AudienceState[]): WorldState => ({ audiences, sha256: 'x', problem: null });
const atHome = worldOf(audience('singapore', 'singapore', [null, 'IN', 'US']), audience('europe', 'europe', ['DE']));
const allInEurope = worldOf(audience('singapore', 'europe', [null, 'IN', 'US']), audience('europe', 'europe', ['DE']));
const sick = [origin('singapore', { verdict: 'unhealthy' }), origin('europe')];
const bad = (badInRow: number): ProbeState => ({ at: now, opinion: 'bad', text: 'bad, connect, 2 ms', badInRow });
const bothSick = [origin('singapore', { verdict: 'unhealthy' }), origin('europe', { verdict: 'unhealthy' })];
const second = (agoMs: number, failed: number): Second => ({ at: now - agoMs, byOrigin: { europe: 10 }, failed, p50Ms: 1, p99Ms: 2 });

describe('the headline', () => {
  it.each<{ when: string; spoil?: Partial<ConsoleState>; world?: WorldState | undefined; seconds?: Second[]; tone: string; text: RegExp }>([
    {
      when: 'one probe of a healthy origin was bad',
      spoil: { origins: [origin('singapore', { probe: bad(1) }), origin('europe')] },
      tone: 'warn',
      text: /singapore \(1 bad probe: connect\)/,
    },
    {
      when: 'requests fail before any probe did',
      seconds: [second(2_000, 5)],
      tone: 'bad',
      text: /^5 of 15 requests failed in the last 5 s$/,
    },
    {
      when: 'requests fail where probes fail',
      spoil: { origins: [origin('singapore', { probe: bad(2) }), origin('europe', { probe: bad(1) })] },
      seconds: [second(1_000, 5), second(2_000, 5)],
      tone: 'bad',
      text: /^10 of 30 requests .*: singapore and europe fail$/,
    },
    {
      when: 'the store was not read for long',
      spoil: { readAt: now - 120_000 },
      tone: 'warn',
      text: /old: the store was last read 2 min ago$/,
    },
    { when: 'the last failure is old news', seconds: [second(6_000, 5)], tone: 'good', text: /^All 3/ },
    {
      when: 'both origins are dead',
      spoil: { origins: bothSick },
      world: allInEurope,
      tone: 'bad',
      text: /^singapore and europe are unhealthy/,
    },
    { when: 'all viewers are at home', tone: 'good', text: /^All 3 countries at home$/ },
    { when: 'nothing is known yet', world: undefined, tone: 'warn', text: /^Running the function/ },
    {
      when: 'an origin fails and still has viewers',
      spoil: { origins: sick },
      tone: 'bad',
      text: /^singapore is unhealthy and 2 countries still go there$/,
    },
    {
      when: 'its viewers have been moved',
      spoil: { origins: sick },
      world: allInEurope,
      tone: 'warn',
      text: /^singapore is out: 2 countries served by europe$/,
    },
    { when: 'an operator has moved them', world: allInEurope, tone: 'warn', text: /^singapore is drained: 2 countries served by europe$/ },
    {
      when: 'they are failing back',
      world: worldOf(audience('singapore', 'europe', ['IN', 'US'], { europe: 75, singapore: 25 })),
      tone: 'warn',
      text: /^singapore is shared: 2 countries served by europe 75 %, singapore 25 %$/,
    },
    {
      when: 'part of them go where it fails',
      spoil: { origins: sick },
      world: worldOf(audience('singapore', 'europe', ['IN'], { europe: 75, singapore: 25 })),
      tone: 'bad',
      text: /^singapore is unhealthy and 1 country still goes there$/,
    },
    {
      when: 'the function fails',
      world: worldOf(audience('singapore', 'fails with 503: TypeError', ['IN'])),
      tone: 'bad',
      text: /^1 country without an origin: fails with 503: TypeError$/,
    },
    {
      when: 'it cannot run',
      world: { audiences: [], sha256: null, problem: 'no function is LIVE' },
      tone: 'bad',
      text: /no function is LIVE/,
    },
    { when: 'the record cannot be read', spoil: { isReadable: false }, tone: 'bad', text: /is not readable/ },
    {
      when: 'the edge reads nothing',
      spoil: { replica: { failReads: true, transientMiss: false } },
      tone: 'warn',
      text: /^All 3 countries at home: the edge cannot read/,
    },
    {
      when: 'an origin without viewers is unhealthy',
      spoil: { origins: [...state.origins, origin('tokyo', { verdict: 'unhealthy' })] },
      tone: 'warn',
      text: /^tokyo is unhealthy; no request goes there$/,
    },
  ])('is $tone when $when', ({ spoil, tone, text, seconds = [], ...given }) => {
    const headline = describeHeadline({ ...state, ...spoil }, 'world' in given ? given.world : atHome, seconds, now);
    expect(headline.text).toMatch(text);
    expect(headline.tone).toBe(tone);
  });

  it('shows beside it which override is in force, for how much longer, and which write is propagating', () => {
    const override = { weights: { singapore: 0 }, until: now + 125_000, reason: 'ALB 5xx', by: 'ann@laptop' };
    const { detail } = describeHeadline({ ...state, override, settlesAt: now + 1_500 }, atHome, [], now);
    expect(detail).toBe('override by ann@laptop, 2 min 5 s left: ALB 5xx · a write reaches the edge in 1.5 s');
  });

  it('says what the flipper waits for, and when there is none', () => {
    expect(describeHeadline({ ...state, flipper: { ...state.flipper, hold: 'hold-down' } }, atHome, [], now).detail).toBe(
      'the flipper holds: hold-down',
    );
    expect(describeHeadline({ ...state, flipper: { ...state.flipper, running: false } }, atHome, [], now).detail).toContain(
      'no flipper runs',
    );
    expect(describeHeadline(state, atHome, [], now).detail).toBe('all origins are healthy');
  });
});
