import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openFunctionRuntime } from '../../../local/runtime/function-runtime.ts';
import { type EdgeConfig, parseEdgeConfig } from '../../../src/config/edge-config.ts';
import type { FunctionRuntime } from '../../../src/edge/execution.ts';
import { type Fixture, readFixtures } from '../../../src/publish/fixtures.ts';
import { publishRouter } from '../../../src/publish/publish.ts';
import edgeConfig from '../../fixtures/sample/edge.config.ts';
import { openTestPublisher, type TestPublisher } from './open-publisher.ts';

let runtime: FunctionRuntime;
let publisher: TestPublisher;

beforeAll(async () => {
  runtime = await openFunctionRuntime();
});
afterAll(() => runtime.close());
beforeEach(async () => {
  publisher = await openTestPublisher(runtime);
});
afterEach(() => publisher.close());

const openRuntime = async () => ({ run: runtime.run, close: async () => undefined });
const configWith = (file: string, more: object = {}): EdgeConfig =>
  parseEdgeConfig({ ...edgeConfig, before: `test/fixtures/team/${file}`, ...more });

/** A fixture with a password that opens the sample's check. */
function signedIn(fixture: Fixture): Fixture {
  const event = structuredClone(fixture.event);
  event.request.headers['authorization'] = { value: `Basic ${Buffer.from('preview:not-a-secret').toString('base64')}` };
  return { name: `${fixture.name}-signed-in`, event, expectation: { ...fixture.expectation, answered: false } };
}

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
