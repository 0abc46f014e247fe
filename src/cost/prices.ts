/** A price of AWS in US dollars, before any free tier and discount. */
export interface Price {
  /** For `per` units; with `above`, for the first of them. */
  usd: number;
  /** Units that `usd` pays for. */
  per: number;
  unit: string;
  /** The page with the price. */
  source: string;
  /** When it was read, and how reliable it is. `unverified` when no page or price list of AWS was seen with it. */
  read: string;
  /** The price beyond a number of units, in rising order. */
  above?: readonly { units: number; usd: number }[];
}

/** One line of a monthly bill. */
export interface CostItem {
  what: string;
  /** Which of several under one `what`, such as a price region. */
  detail?: string;
  /** Units per month. */
  count: number;
  unit: string;
  usd: number;
  price: Price;
}

/** The cost of `count` units, by the price's steps. */
export function costItem(what: string, price: Price, count: number, detail?: string): CostItem {
  const { usd, per, unit, above = [] } = price;
  const steps = [{ units: 0, usd }, ...above];
  const total = steps.reduce((sum, step, index) => {
    const end = Math.min(count, steps[index + 1]?.units ?? Number.POSITIVE_INFINITY);
    return sum + (Math.max(0, end - step.units) / per) * step.usd;
  }, 0);
  return { what, ...(detail === undefined ? {} : { detail }), count, unit, usd: total, price };
}

export function sumUsd(items: readonly { usd: number }[]): number {
  return items.reduce((sum, { usd }) => sum + usd, 0);
}

const cloudWatch = {
  source: 'https://aws.amazon.com/cloudwatch/pricing/',
  read: 'US East, as several guides of February 2026 state it; the table itself was not seen',
};
const payAsYouGo = {
  source: 'https://aws.amazon.com/cloudfront/pricing/pay-as-you-go/',
  read: 'in two notes that quote the page, one of them of 2026-09-06',
};
const lambda = {
  source: 'https://aws.amazon.com/lambda/pricing/',
  read: 'US East, arm64, as guides of 2026 state it',
};

/** Prices that do not depend on a region. Check the pages before you quote one: prices change. */
export const prices = {
  keyValueStoreCall: { usd: 1, per: 1_000, unit: 'calls', ...payAsYouGo },
  keyValueStoreRead: { usd: 0.03, per: 1_000_000, unit: 'reads', ...payAsYouGo },
  functionRun: { usd: 0.1, per: 1_000_000, unit: 'runs', ...payAsYouGo },
  edgeLambdaRequest: { usd: 0.6, per: 1_000_000, unit: 'requests', ...payAsYouGo },
  edgeLambdaGigabyteSecond: { usd: 0.000_050_01, per: 1, unit: 'GB-s', ...payAsYouGo },
  dashboard: { usd: 3, per: 1, unit: 'dashboards', ...cloudWatch },
  alarmCall: { usd: 0.01, per: 1_000, unit: 'calls', ...cloudWatch },
  alarm: { usd: 0.1, per: 1, unit: 'alarms', ...cloudWatch },
  metric: { usd: 0.3, per: 1, unit: 'metrics', ...cloudWatch },
  logGigabyte: { usd: 0.5, per: 1, unit: 'GB', ...cloudWatch },
  lambdaRequest: { usd: 0.2, per: 1_000_000, unit: 'requests', ...lambda },
  lambdaGigabyteSecond: { usd: 0.000_013_333_4, per: 1, unit: 'GB-s', ...lambda },
  scheduledCall: {
    usd: 1,
    per: 1_000_000,
    unit: 'invocations',
    source: 'https://aws.amazon.com/eventbridge/pricing/',
    read: 'US East, as a guide of March 2026 states it; the first 14 million a month are free',
  },
  healthCheck: {
    usd: 0.5,
    per: 1,
    unit: 'health checks',
    source: 'https://aws.amazon.com/route53/pricing/',
    read: 'for an endpoint in AWS without options, from copies of the table; $0.75 elsewhere; HTTPS, string match, fast interval and latency add $1 each, $2 elsewhere',
  },
  healthCheckCall: {
    usd: 0,
    per: 1_000,
    unit: 'calls',
    source: 'https://aws.amazon.com/route53/pricing/',
    read: 'the page names no price for API calls',
  },
  topicMessage: {
    usd: 0.5,
    per: 1_000_000,
    unit: 'messages',
    source: 'https://aws.amazon.com/sns/pricing/',
    read: 'as a guide of June 2026 states it; delivery by e-mail is $2 per 100,000',
  },
} as const satisfies Readonly<Record<string, Price>>;

const cloudFront = {
  source: 'https://aws.amazon.com/cloudfront/pricing/',
  read: 'in an undated copy of the page, of its data transfer table',
};
const priceList = { source: 'the AWS price list, offer AmazonCloudFront' };

/** Beyond 10, 50, 150, 500, 1,024 and 5,120 TB a month. */
const transferSteps = [10, 50, 150, 500, 1_024, 5_120].map((terabytes) => terabytes * 1_024);

function transfer(usd: number, ...steps: readonly number[]): Price {
  const above = steps.map((step, index) => ({ units: transferSteps[index] ?? 0, usd: step }));
  return { usd, per: 1, unit: 'GB', above, ...cloudFront };
}

/** By CloudFront's price regions, of which four are missing here. A GB is 2^30 bytes. */
export const edgePrices = {
  'north-america': {
    transfer: transfer(0.085, 0.08, 0.06, 0.04, 0.03, 0.025, 0.02),
    request: { usd: 0.01, per: 10_000, unit: 'requests', ...priceList, read: 'as repositories of 2026 quote it' },
    upload: { usd: 0.02, per: 1, unit: 'GB', ...priceList, read: 'as repositories quote it' },
  },
  europe: {
    transfer: transfer(0.085, 0.08, 0.06, 0.04, 0.03, 0.025, 0.02),
    request: { usd: 0.012, per: 10_000, unit: 'requests', ...priceList, read: 'as repositories quote it, and on a bill of 2025' },
    upload: { usd: 0.02, per: 1, unit: 'GB', ...priceList, read: 'as a bill of Frankfurt shows it' },
  },
  india: {
    transfer: transfer(0.109, 0.085, 0.082, 0.08, 0.078, 0.075, 0.072),
    request: { usd: 0.012, per: 10_000, unit: 'requests', ...priceList, read: 'as repositories of 2026 quote it' },
    upload: { usd: 0.16, per: 1, unit: 'GB', ...priceList, read: 'unverified: as guides state it' },
  },
  'south-east-asia': {
    transfer: transfer(0.12, 0.1, 0.095, 0.09, 0.08, 0.07, 0.06),
    request: { usd: 0.012, per: 10_000, unit: 'requests', ...priceList, read: '2026-10-01, as a repository quotes the list' },
    upload: { usd: 0.06, per: 1, unit: 'GB', ...priceList, read: '2026-10-01, as a repository quotes the list' },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<'transfer' | 'request' | 'upload', Price>>>>;

export type EdgeRegion = keyof typeof edgePrices;

/** The prices of a regional stack. */
type RegionPriceName =
  | 'loadBalancerHour'
  | 'capacityUnitHour'
  | 'vcpuHour'
  | 'gigabyteHour'
  | 'spotVcpuHour'
  | 'spotGigabyteHour'
  | 'natGatewayHour'
  | 'natGatewayGigabyte'
  | 'publicAddressHour'
  | 'imageGigabyte'
  | 'logGigabyte'
  | 'secret'
  | 'alarm';

export type RegionPrices = Readonly<Record<RegionPriceName, Price>>;

const loadBalancing = 'https://aws.amazon.com/elasticloadbalancing/pricing/';
const fargate = 'https://aws.amazon.com/fargate/pricing/';
const vpc = 'https://aws.amazon.com/vpc/pricing/';
const singapore = '2026-08-21, as a repository quotes the price list of Singapore, Linux on x86';
const spot = 'unverified: 30% of the price on demand, since the page says "up to 70% off"; it moves with supply';

/** Equal in all regions that were checked. */
const everywhere = {
  capacityUnitHour: { usd: 0.008, per: 1, unit: 'LCU-hours', source: loadBalancing, read: singapore },
  publicAddressHour: {
    usd: 0.005,
    per: 1,
    unit: 'address-hours',
    source: vpc,
    read: 'as guides of 2026 state it, and on a bill of Frankfurt',
  },
  imageGigabyte: { usd: 0.1, per: 1, unit: 'GB', source: 'https://aws.amazon.com/ecr/pricing/', read: 'unverified: as guides state it' },
  secret: {
    usd: 0.4,
    per: 1,
    unit: 'secrets',
    source: 'https://aws.amazon.com/secrets-manager/pricing/',
    read: 'unverified: as guides state it',
  },
  alarm: { usd: 0.1, per: 1, unit: 'alarms', ...cloudWatch },
} as const satisfies Partial<RegionPrices>;

function onFargate(vcpu: number, gigabyte: number, read: string) {
  return {
    vcpuHour: { usd: vcpu, per: 1, unit: 'vCPU-hours', source: fargate, read },
    gigabyteHour: { usd: gigabyte, per: 1, unit: 'GB-hours', source: fargate, read },
    spotVcpuHour: { usd: 0.3 * vcpu, per: 1, unit: 'vCPU-hours', source: fargate, read: spot },
    spotGigabyteHour: { usd: 0.3 * gigabyte, per: 1, unit: 'GB-hours', source: fargate, read: spot },
  };
}

/** By AWS region. For another one, add its own prices here. */
export const regionPrices: Readonly<Record<string, RegionPrices>> = {
  'ap-southeast-1': {
    ...everywhere,
    ...onFargate(0.050_56, 0.005_53, singapore),
    loadBalancerHour: { usd: 0.0252, per: 1, unit: 'hours', source: loadBalancing, read: singapore },
    natGatewayHour: { usd: 0.059, per: 1, unit: 'hours', source: vpc, read: singapore },
    natGatewayGigabyte: { usd: 0.059, per: 1, unit: 'GB', source: vpc, read: 'July 2026, as a repository quotes the price list' },
    logGigabyte: { usd: 0.7, per: 1, unit: 'GB', source: cloudWatch.source, read: 'July 2026, as a repository quotes the price list' },
  },
  'eu-central-1': {
    ...everywhere,
    ...onFargate(0.046_56, 0.005_11, '2026-07-07, as a repository quotes the price list of Frankfurt, Linux on x86'),
    loadBalancerHour: { usd: 0.027, per: 1, unit: 'hours', source: loadBalancing, read: 'from a bill of 2026: $19.44 for 720 hours' },
    natGatewayHour: { usd: 0.052, per: 1, unit: 'hours', source: vpc, read: 'unverified: in the tests of a price tool' },
    natGatewayGigabyte: {
      usd: 0.052,
      per: 1,
      unit: 'GB',
      source: vpc,
      read: 'unverified: taken to be the price of the hour, as in Singapore',
    },
    logGigabyte: { usd: 0.63, per: 1, unit: 'GB', source: cloudWatch.source, read: 'in billing rules of 2025' },
  },
};

/** AWS's permanent monthly allowances, shared by the items with these prices. */
export const freeTiers: readonly { what: string; units: number; prices: readonly Price[] }[] = [
  { what: '1 TB out of CloudFront', units: 1_024, prices: Object.values(edgePrices).map((each) => each.transfer) },
  { what: '10 million requests to CloudFront', units: 10_000_000, prices: Object.values(edgePrices).map(({ request }) => request) },
  { what: '2 million function runs', units: 2_000_000, prices: [prices.functionRun] },
  { what: '2 million KeyValueStore reads', units: 2_000_000, prices: [prices.keyValueStoreRead] },
  { what: '1 million Lambda requests', units: 1_000_000, prices: [prices.lambdaRequest] },
  { what: '400,000 GB-s of Lambda', units: 400_000, prices: [prices.lambdaGigabyteSecond] },
  { what: '14 million scheduled calls', units: 14_000_000, prices: [prices.scheduledCall] },
  { what: '10 metrics', units: 10, prices: [prices.metric] },
  { what: '10 alarms', units: 10, prices: [prices.alarm, everywhere.alarm] },
  { what: '3 dashboards', units: 3, prices: [prices.dashboard] },
  {
    what: '5 GB of logs',
    units: 5,
    prices: [prices.logGigabyte, ...Object.values(regionPrices).map(({ logGigabyte }) => logGigabyte)],
  },
];
