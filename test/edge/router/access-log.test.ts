import { afterEach, expect, it, vi } from 'vitest';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import type { EventValues, RawRun } from '../../../src/edge/execution.ts';
import edgeConfig from '../../fixtures/sample/edge.config.ts';
import { sampleEvent } from '../njs/sample.ts';
import type { RouterInput } from './built-routers.ts';
import { configs, testerSecret } from './configs.ts';
import { routeByModel } from './model.ts';
import { runRouterSource } from './source-router.ts';

// On the source: laws.test.ts has the same on the built function, for random cases.

const now = 1_764_000_000_000;
const updatedAt = new Date(now - 61_234).toISOString();
const half = parseEdgeConfig({ ...edgeConfig, accessLog: { agePercent: 50 } });
const services = configs['logged-services'];

afterEach(() => {
  vi.restoreAllMocks();
});

interface Given {
  config?: typeof half;
  record?: string;
  uri?: string;
  headers?: EventValues;
  failReads?: boolean;
}

async function run({ config = configs.logged, record = 'ok', uri = '/api/x', headers, failReads = false }: Given): Promise<RawRun> {
  const event = sampleEvent({ uri, headers: { 'cloudfront-viewer-country': { value: 'IN' }, ...headers } });
  const input: RouterInput = { event, store: { values: new Map([['health', record]]), updatedAt, failReads }, now };
  const [done] = await runRouterSource(config, [input]);
  if (done === undefined) throw new Error('the source did not run');
  return done;
}

it.each<{ what: string; given: Given; line: string | undefined }>([
  { what: 'the record alone while all is healthy', given: {}, line: 'singapore;ok' },
  { what: 'a record that names its flip', given: { record: '#=0@000417;ok' }, line: 'singapore;#=0@000417;ok' },
  { what: 'no bucket where no weight is partial', given: { record: 'singapore=0' }, line: 'europe;singapore=0;0' },
  { what: 'both', given: { record: '#=0@000417;singapore=0' }, line: 'europe;#=0@000417;singapore=0;0' },
  { what: 'the bucket of a partial weight', given: { record: 'singapore=40' }, line: 'europe;singapore=40;40.635' },
  { what: 'a text that begins with the sign behind all labels', given: { record: '$=0@000417;ok' }, line: 'singapore;$=0@000417;ok;0' },
  { what: 'a text in the place of a label', given: { record: '"=0@000417;singapore=0' }, line: 'europe;"=0@000417;singapore=0;0' },
  { what: 'the plain record where the store cannot be read', given: { failReads: true }, line: 'singapore;ok' },
  { what: 'the age of the copy', given: { config: configs['logged-ages'] }, line: 'singapore;ok;age=61234' },
  { what: 'no age where the store cannot be read', given: { config: configs['logged-ages'], failReads: true }, line: 'singapore;ok' },
  { what: 'the service', given: { config: services }, line: 'api/singapore;ok;age=61234' },
  { what: 'nothing for a path of no service', given: { config: services, uri: '/' }, line: undefined },
  {
    what: 'that a client tries again',
    given: { config: services, headers: { 'x-retry-attempt': { value: '1' } } },
    line: 'api/tokyo;ok;retry;age=61234',
  },
  {
    what: 'that a tester chose the origin',
    given: { config: services, record: 'europe=0', headers: { 'x-tester': { value: `europe:${testerSecret}` } } },
    line: 'api/europe;europe=0;0;tester;age=61234',
  },
])('the line has $what', async ({ given, line }) => {
  const done = await run(given);
  expect(done.customData?.replace(/(\d+\.\d{3})\d*/, '$1')).toBe(line);
  expect(done.calls).toHaveLength(line === undefined ? 0 : 1);
});

it.each(['#=0@000417;ok', '#=0@000417;singapore=40', '$=0@000417;ok', '#=0@000417', ''])(
  '%j is the record that the model reads',
  async (record) => {
    const event = sampleEvent({ headers: { 'cloudfront-viewer-country': { value: 'IN' } } });
    const input = { event, store: { values: new Map([['health', record]]) }, now };
    const wanted = routeByModel(configs.logged, { ...input, source: { code: '', sha256: '' } });
    expect((await runRouterSource(configs.logged, [input]))[0]).toEqual(wanted);
  },
);

it.each([
  { at: 0, line: 'singapore;ok;age=61234' },
  { at: 0.4999, line: 'singapore;ok;age=61234' },
  { at: 0.5, line: 'singapore;ok' },
  { at: 0.9999, line: 'singapore;ok' },
])('half of the lines have the age: at $at', async ({ at, line }) => {
  vi.spyOn(Math, 'random').mockReturnValue(at);
  expect((await run({ config: half })).customData).toBe(line);
});
