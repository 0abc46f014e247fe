import type { EdgeConfig } from '../config/edge-config.ts';
import { awsRegionText } from '../config/edge-config-rules.ts';
import { estimateCost, monthMs, type Schedule } from './flipper-cost.ts';
import { type CostItem, costItem, type EdgeRegion, edgePrices, freeTiers, prices, regionPrices, sumUsd } from './prices.ts';

/**
 * Assumptions besides the prices: the settings of infra/region.yaml and a typical application. Not measured on an
 * account.
 */
export const stackAssumptions = {
  /** Percent of the viewers by CloudFront's price regions. */
  viewers: { 'north-america': 40, europe: 20, india: 25, 'south-east-asia': 15 } satisfies Record<EdgeRegion, number>,
  /** Of a request, percent that carry a body, and its bytes. */
  uploads: { percent: 20, bytes: 2_000 },
  /** A task of infra/region.yaml: 512 CPU units and 1,024 MB, on x86. */
  task: { vcpu: 0.5, gigabytes: 1 },
  /** Tasks of a region on demand, MinTasks; of those beyond it half are on Fargate Spot, SpotWeight. */
  tasksOnDemand: 2,
  spotPercentBeyond: 50,
  /** Zones of a region: a NAT gateway with its address, and an address of the load balancer, in each. */
  zones: 2,
  /** Traffic through the NAT gateway: outgoing calls of each request, and images. */
  nat: { bytesPerRequest: 2_000, gigabytesPerMonth: 5 },
  /** New connections of CloudFront to a load balancer, percent of the requests; the rest goes over kept ones. */
  newConnectionsPercent: 10,
  logBytesPerRequest: 300,
  imageGigabytes: 2,
  secrets: 1,
  alarmsPerRegion: 4,
  dashboardsPerRegion: 1,
  /** infra/monitoring.yaml, once. */
  monitoring: { alarms: 5, dashboards: 1 },
};

export interface StackOptions {
  /** Of viewers, per month. */
  requests: number;
  bytesPerResponse: number;
  /** In each region, the standby included. */
  tasksPerRegion: number;
  /**
   * Percent of the requests that the first origin of defaultOrder, or of the first service, serves; the others share
   * the rest.
   */
  homePercent: number;
  /** Percent by price region, 100 in all. */
  viewers: Readonly<Record<EdgeRegion, number>>;
  schedule: Schedule;
}

/** One section of the bill. */
export interface CostPart {
  name: string;
  items: readonly CostItem[];
  usd: number;
}

const hours = monthMs / 3_600_000;
/** As AWS bills them. */
const gigabyte = 2 ** 30;

/**
 * The monthly bill: the edge, the flipper with its calls and checks, and a stack in each region. Free tiers are not
 * deducted.
 */
export function estimateStack(config: EdgeConfig, options: StackOptions): { parts: CostPart[]; usd: number; standIns: StandIn[] } {
  const { monitoring } = stackAssumptions;
  const flipper = estimateCost(config, options.schedule);
  const home = config.defaultOrder[0];
  const others = Object.keys(config.origins).length - 1;
  const standIns: StandIn[] = [];
  const parts = [
    part('edge', edgeItems(options)),
    part('flipper', flipper.items),
    ...Object.entries(config.origins).map(([id, { region }]) => {
      const percent = others === 0 ? 100 : id === home ? options.homePercent : (100 - options.homePercent) / others;
      const role = id === home ? 'home' : 'standby';
      const priced = pricedRegion(region);
      if (priced !== undefined && priced !== region) standIns.push({ region, pricesOf: priced });
      return part(`${id}, ${region}, ${role}`, regionItems(priced, (options.requests * percent) / 100, options));
    }),
    part('monitoring', [
      costItem('dashboards', prices.dashboard, monitoring.dashboards),
      costItem('alarms', prices.alarm, monitoring.alarms),
    ]),
  ];
  return { parts, usd: sumUsd(parts), standIns };
}

/** A region without prices of its own here, and the one whose prices are used. */
export interface StandIn {
  region: string;
  pricesOf: string;
}

/** The region whose prices count: its own, else one of the same part of the world; undefined outside AWS. */
function pricedRegion(region: string): string | undefined {
  // What a host outside AWS costs is not on AWS's bill.
  if (!awsRegionText.test(region)) return undefined;
  if (region in regionPrices) return region;
  return /^(?:ap|sa|cn)-/.test(region) ? 'ap-southeast-1' : 'eu-central-1';
}

function part(name: string, items: readonly CostItem[]): CostPart {
  return { name, items, usd: sumUsd(items) };
}

function edgeItems({ requests, bytesPerResponse, viewers }: StackOptions): CostItem[] {
  const { uploads } = stackAssumptions;
  const regions = Object.entries(viewers) as [EdgeRegion, number][];
  return [
    ...regions.flatMap(([region, percent]) => {
      const mine = (requests * percent) / 100;
      const { request, transfer, upload } = edgePrices[region];
      return [
        costItem('requests', request, mine, region),
        costItem('data to viewers', transfer, (mine * bytesPerResponse) / gigabyte, region),
        costItem('data to the origins', upload, (((mine * uploads.percent) / 100) * uploads.bytes) / gigabyte, region),
      ];
    }),
    costItem('runs of the function', prices.functionRun, requests),
    costItem('its reads of the health record', prices.keyValueStoreRead, requests),
  ];
}

function regionItems(region: string | undefined, requests: number, { bytesPerResponse, tasksPerRegion }: StackOptions): CostItem[] {
  const of = regionPrices[region ?? ''];
  if (of === undefined) return [];
  const { task, tasksOnDemand, spotPercentBeyond, zones, nat, newConnectionsPercent, logBytesPerRequest, imageGigabytes } =
    stackAssumptions;
  const { secrets, alarmsPerRegion, dashboardsPerRegion } = stackAssumptions;
  const onSpot = ((Math.max(0, tasksPerRegion - tasksOnDemand) * spotPercentBeyond) / 100) * hours;
  const onDemand = tasksPerRegion * hours - onSpot;
  return [
    costItem('load balancer', of.loadBalancerHour, hours),
    costItem('its capacity units', of.capacityUnitHour, capacityUnitHours(requests, bytesPerResponse, newConnectionsPercent)),
    costItem('tasks on demand', of.vcpuHour, onDemand * task.vcpu, 'CPU'),
    costItem('tasks on demand', of.gigabyteHour, onDemand * task.gigabytes, 'memory'),
    costItem('tasks on Spot', of.spotVcpuHour, onSpot * task.vcpu, 'CPU'),
    costItem('tasks on Spot', of.spotGigabyteHour, onSpot * task.gigabytes, 'memory'),
    costItem('NAT gateways', of.natGatewayHour, zones * hours),
    costItem('data through them', of.natGatewayGigabyte, nat.gigabytesPerMonth + (requests * nat.bytesPerRequest) / gigabyte),
    costItem('public addresses', of.publicAddressHour, 2 * zones * hours),
    costItem('images', of.imageGigabyte, imageGigabytes),
    costItem('logs', of.logGigabyte, (requests * logBytesPerRequest) / gigabyte),
    costItem('secrets', of.secret, secrets),
    costItem('alarms', of.alarm, alarmsPerRegion),
    costItem('dashboards', prices.dashboard, dashboardsPerRegion),
  ];
}

/**
 * AWS bills the largest of four dimensions per hour. Bytes and new connections grow with traffic, so their spread over
 * the month does not matter.
 */
function capacityUnitHours(requests: number, bytesPerResponse: number, newConnectionsPercent: number): number {
  const gigabytesPerUnit = 1;
  const connectionsPerUnit = 25 * 3_600;
  return Math.max(
    (requests * bytesPerResponse) / gigabyte / gigabytesPerUnit,
    (requests * newConnectionsPercent) / 100 / connectionsPerUnit,
  );
}

/** What free tiers deduct. The items that an allowance covers share it; an account has each allowance once. */
export function freeTierCredits(items: readonly CostItem[]): { what: string; usd: number }[] {
  return freeTiers.flatMap(({ what, units, prices: covered }) => {
    const mine = items.filter(({ price }) => covered.includes(price));
    const used = mine.reduce((sum, { count }) => sum + count, 0);
    if (used === 0) return [];
    return [{ what, usd: -sumUsd(mine) * Math.min(1, units / used) }];
  });
}

/** The cost of choosing an origin per request and of detecting failures, here and by other means. */
export function compareWays(requests: number, parts: readonly CostPart[]): { what: string; usd: number }[] {
  // Lambda@Edge at its smallest size; 5 ms is a guess.
  const lambdaSeconds = requests * 0.005 * (128 / 1_024);
  const storeLooks = 3 * (monthMs / 60_000);
  const bill = (...items: CostItem[]) => sumUsd(items);
  const calls = parts.flatMap(({ items }) => items).filter(({ price }) => price === prices.keyValueStoreCall);
  return [
    {
      what: 'a function and one read of the flag for each request, as here',
      usd: bill(costItem('', prices.functionRun, requests), costItem('', prices.keyValueStoreRead, requests)),
    },
    {
      what: 'the same in Lambda@Edge, 128 MB for 5 ms, a flag not included',
      usd: bill(costItem('', prices.edgeLambdaRequest, requests), costItem('', prices.edgeLambdaGigabyteSecond, lambdaSeconds)),
    },
    { what: 'a flipper that asks each minute whether the store changed, as here', usd: bill(...calls) },
    { what: 'a flipper that reads record and state each minute', usd: bill(costItem('', prices.keyValueStoreCall, storeLooks)) },
  ];
}
