import { describe, expect, it } from 'vitest';
import { type EdgeConfig, parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { type Fixture, readFixtures } from '../../../src/publish/fixtures.ts';
import { publishRouter } from '../../../src/publish/publish.ts';
import edgeConfig from '../../fixtures/sample/edge.config.ts';
import { usePublisher } from './open-publisher.ts';

const publisher = usePublisher();

const openRuntime = async () => ({ run: publisher.runtime.run, close: async () => undefined });
const configWith = (file: string, more: object = {}): EdgeConfig =>
  parseEdgeConfig({ ...edgeConfig, before: `test/fixtures/team/${file}`, ...more });

/** A fixture with a password that opens the sample's check. */
function signedIn(fixture: Fixture): Fixture {
  const event = structuredClone(fixture.event);
  event.request.headers['authorization'] = { value: `Basic ${Buffer.from('preview:not-a-secret').toString('base64')}` };
  return { name: `${fixture.name}-signed-in`, event, expectation: { ...fixture.expectation, answered: false } };
}

describe('publishing with services that do not have the paths of the fixtures', () => {
  const { defaultOrder: order, routes, ...rest } = edgeConfig;
  const config = parseEdgeConfig({ ...rest, services: [{ name: 'api', paths: ['/api/*'], order, routes }] });

  it('compares no route where the request passes through, and says so', async () => {
    const fixtures = await readFixtures();
    const release = await publishRouter(publisher.tools({ config, fixtures }));
    const passing = fixtures.filter(({ event }) => event.request.uri === '/').map(({ name }) => name);
    expect(passing.length).toBeGreaterThanOrEqual(5);
    expect(release.notes).toEqual(expect.arrayContaining(passing.map((name) => `${name}: no service has /, its route is not compared`)));
    expect(release.notes.filter((note) => note.includes('not compared'))).toHaveLength(passing.length);
  });

  it.each([
    { uri: '/api/orders', route: null, says: 'header x-origin-route: expected none' },
    { uri: '/api/orders', route: 'nowhere', says: 'header x-origin-route: expected "nowhere"' },
    { uri: '/', route: 'nowhere', more: { uri: '/other' }, says: 'uri: expected "/other", found "/"' },
  ])('still stops for $says at $uri', async ({ uri, route, more, says }) => {
    const [first] = await readFixtures();
    if (first === undefined) throw new Error('no fixture');
    const event = structuredClone(first.event);
    event.request.uri = uri;
    const fixtures = [{ ...first, event, expectation: { request: { ...more, headers: { 'x-origin-route': route } } } }];
    const release = publishRouter(publisher.tools({ config, fixtures }));
    await expect(release).rejects.toMatchObject({ code: 'TEST_FAILED', message: expect.stringContaining(says) });
  });

  it('lets a fixture expect that its request passes through', async () => {
    const fixtures = (await readFixtures())
      .filter(({ event: { request } }) => request.uri === '/' && request.headers['x-origin-route'] === undefined)
      .map((fixture) => ({ ...fixture, expectation: { request: { headers: { 'x-origin-route': null } } } }));
    const release = await publishRouter(publisher.tools({ config, fixtures }));
    expect(release.notes.join('\n')).not.toContain('not compared');
  });
});

describe('publishing with code of the team’s own', () => {
  it('takes an early answer for granted, and proves the routing of the router alone', async () => {
    const [first, ...others] = await readFixtures();
    if (first === undefined) throw new Error('no fixture');
    const fixtures = [first, ...others, signedIn(first)];
    const release = await publishRouter(publisher.tools({ config: configWith('basic-auth.ts'), openRuntime, fixtures }));
    expect(release).toMatchObject({ outcome: 'published', version: 1 });
    expect(release.steps.find(({ step }) => step === 'routes')?.result).toMatch(
      /^as edge\.config\.ts says; (\d+) of \1 requests are answered/,
    );
    expect(release.notes).toEqual([first, ...others].map(({ name }) => `${name}: answered with 401 before routing`));
    expect(publisher.live()?.sha256).toBe(release.sha256);
  });

  it('stops when the code answers what a fixture forbids it to answer', async () => {
    const [first] = await readFixtures();
    if (first === undefined) throw new Error('no fixture');
    const fixtures = [{ ...first, expectation: { ...first.expectation, answered: false as const } }];
    const release = publishRouter(publisher.tools({ config: configWith('basic-auth.ts'), fixtures }));
    await expect(release).rejects.toMatchObject({
      code: 'TEST_FAILED',
      message: expect.stringContaining('expected a request, found a response'),
    });
    expect(publisher.live()).toBeUndefined();
  });

  it('stops before the first write when the code fails for every viewer', async () => {
    const config = configWith('fails.js');
    const release = publishRouter(publisher.tools({ config, openRuntime }));
    await expect(release).rejects.toMatchObject({ code: 'TEST_FAILED', message: expect.stringContaining('fails with 503') });
    expect(publisher.operations().filter((operation) => !/^(Describe|Get|List|Test)/.test(operation))).toEqual([]);
  });

  it('reads the keys of edge.config.ts while routing is checked', async () => {
    const config = configWith('token.js', { keys: { 'token.secret': 'k' } });
    const release = await publishRouter(publisher.tools({ config, openRuntime, fixtures: [] }));
    expect(release.steps.find(({ step }) => step === 'routes')?.result).toBe('as edge.config.ts says');
  });
});
