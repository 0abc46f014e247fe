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
  const costs: OptionCost[] = [];
  for (const option of options) {
    const [before, after] = [await buildFunction(option.plain ?? config), await buildFunction(option.config)];
    const { event } = request;
    const viewer = { ...event.viewer, ...(option.ip && { ip: option.ip }) };
    const asked = { ...request, event: { ...event, viewer } };
    const [plain = 0] = await countRequests(before.code, [asked], tools, { known });
    const { record } = option;
    const read = record === undefined ? asked : { ...asked, store: { values: new Map([['health', record]]) } };
    const [own = 0] = await countRequests(after.code, [withHeaders(read, option.headers)], tools, { known });
    costs.push({ name: option.name, instructions: own - plain, budget: option.budget ?? 8_000, bytes: after.bytes - before.bytes });
  }
  return costs;
}

function withHeaders(input: CountedInput, headers: Readonly<Record<string, string>>): CountedInput {
  const added = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, { value }]));
  const { request } = input.event;
  return { ...input, event: { ...input.event, request: { ...request, headers: { ...request.headers, ...added } } } };
}
