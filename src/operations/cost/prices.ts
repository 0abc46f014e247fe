/** A price of AWS in US dollars, before any free tier and discount. */
export interface Price {
  usd: number;
  /** So many units. */
  per: number;
  unit: string;
  /** Page that states it. */
  source: string;
  /** When that was read, and what to make of it. */
  read: string;
}

const cloudWatch = {
  source: 'https://aws.amazon.com/cloudwatch/pricing/',
  read: 'US East, as several guides of February 2026 state it; the table itself was not seen',
};
const lambda = {
  source: 'https://aws.amazon.com/lambda/pricing/',
  read: 'US East, arm64, as guides of 2026 state it',
};

/** Every price that `flipper -- --cost` reckons with. Look at the pages before you quote one: prices change and differ by region. */
export const prices = {
  keyValueStoreCall: {
    usd: 1,
    per: 1_000,
    unit: 'calls',
    source: 'https://aws.amazon.com/cloudfront/pricing/pay-as-you-go/',
    read: 'in a note of 2026-09-06 that quotes the page; a single source',
  },
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

export type PriceName = keyof typeof prices;
