import { createHash } from 'node:crypto';
import type { EdgeConfig } from '../src/config/edge-config.ts';
import { addressBetween } from '../src/config/routing-schema.ts';
import { buildFunction } from '../src/edge/build.ts';
import { type CountedInput, type CountingTools, countRequests } from '../src/edge/njs/instructions.ts';

/** What one option of the order costs, over the same router without it. */
interface OptionCost {
  name: string;
  instructions: number;
  budget: number;
  bytes: number;
}

/** The few viewers of a second share: they take one step more. */
const farthestShare = 8_500;

/** Of a tester's own requests: the hash of the secret alone costs 8,400. */
const ownRequest = 20_000;

const secret = 'an example of thirty-two characters';

/** Subdivisions, shares and testers, each alone, where a request uses it and where it does not. */
export async function countOptions(
  config: EdgeConfig,
  request: CountedInput,
  tools: CountingTools,
  known: Map<string, Promise<number>>,
): Promise<OptionCost[]> {
  const other = [...config.defaultOrder].reverse();
  const main = config.defaultOrder;
  const tester = { header: 'x-tester', sha256: createHash('sha256').update(secret).digest('hex') };
  const shared: EdgeConfig = {
    ...config,
    routes: [],
    defaultSlices: [
      { percent: 99, order: main },
      { percent: 1, order: other },
    ],
  };
  const divided: EdgeConfig = { ...config, routes: [...config.routes, { countries: ['IN-KA'], order: other }] };
  const options: {
    name: string;
    config: EdgeConfig;
    headers: Record<string, string>;
    plain?: EdgeConfig;
    ip?: string;
    budget?: number;
    record?: string;
  }[] = [
    { name: 'subdivisions: one with a route', config: divided, headers: { 'cloudfront-viewer-country-region': 'KA' } },
    { name: 'subdivisions: one without', config: divided, headers: { 'cloudfront-viewer-country-region': 'MH' } },
    { name: 'shares: 99 and 1, of the 99', config: shared, headers: {}, plain: { ...config, routes: [] }, ip: addressBetween(0, 99) },
    {
      name: 'shares: 99 and 1, of the 1',
      config: shared,
      headers: {},
      plain: { ...config, routes: [] },
      ip: addressBetween(99, 100),
      budget: farthestShare,
    },
    { name: 'tester: no header', config: { ...config, tester }, headers: {} },
    {
      name: 'tester: the right secret',
      config: { ...config, tester },
      headers: { 'x-tester': `${main[0]}:${secret}` },
      budget: ownRequest,
    },
    {
      name: 'tester: a wrong secret',
      config: { ...config, tester },
      headers: { 'x-tester': `${main[0]}:${secret.slice(1)}` },
      budget: ownRequest,
    },
    { name: 'access log: record without number', config: { ...config, accessLog: { agePercent: 0 } }, headers: {}, budget: 2_500 },
    {
      name: 'access log: record with number',
      config: { ...config, accessLog: { agePercent: 0 } },
      headers: {},
      record: '#=0@000417;ok',
      budget: 2_500,
    },
    { name: 'access log: age not sampled', config: { ...config, accessLog: { agePercent: 0.001 } }, headers: {} },
    { name: 'access log: age sampled', config: { ...config, accessLog: { agePercent: 100 } }, headers: {}, budget: 30_000 },
  ];
  const costs = await Promise.all(
    options.map(async ({ name, headers, ip, record, budget = 8_000, ...configs }) => {
      const [before, after] = [await buildFunction(configs.plain ?? config), await buildFunction(configs.config)];
      const { event } = request;
      const viewer = { ...event.viewer, ...(ip && { ip }) };
      const plain = { ...request, event: { ...event, viewer } };
      const read = record === undefined ? plain : { ...plain, store: { values: new Map([['health', record]]) } };
      const inputs = { plain, own: withHeaders(read, headers) };
      return { name, budget, before, after, inputs, bytes: after.bytes - before.bytes };
    }),
  );
  // The first count of an input has its empty handler's too: all of them in one run.
  const { code } = await buildFunction(config);
  await countRequests(code, [...costs.map(({ inputs }) => inputs.plain), ...costs.map(({ inputs }) => inputs.own)], tools, { known });
  const counted = new Map<string, CountedInput[]>();
  for (const { before, after, inputs } of costs) {
    counted.set(before.code, [...(counted.get(before.code) ?? []), inputs.plain]);
    counted.set(after.code, [...(counted.get(after.code) ?? []), inputs.own]);
  }
  for (const [code, inputs] of counted) await countRequests(code, inputs, tools, { known });
  const countOne = async (code: string, input: CountedInput) => (await countRequests(code, [input], tools, { known }))[0] ?? 0;
  return Promise.all(
    costs.map(async ({ name, budget, before, after, inputs, bytes }) => {
      const instructions = (await countOne(after.code, inputs.own)) - (await countOne(before.code, inputs.plain));
      return { name, instructions, budget, bytes };
    }),
  );
}

function withHeaders(input: CountedInput, headers: Readonly<Record<string, string>>): CountedInput {
  const added = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, { value }]));
  const { request } = input.event;
  return { ...input, event: { ...input.event, request: { ...request, headers: { ...request.headers, ...added } } } };
}
