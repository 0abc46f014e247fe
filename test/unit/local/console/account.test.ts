import { describe, expect, it } from 'vitest';
import { openCallMeter } from '../../../../scripts/console/call-meter.ts';
import { describeNoFigures, readDistributionTraffic } from '../../../../scripts/console/read-cloudwatch.ts';
import type { Aws } from '../../../../src/aws/clients.ts';

type Figures = Parameters<typeof readDistributionTraffic>[0];
const fail = (name: string, message: string, status: number) =>
  Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status } });
const span = { from: 0, to: 120_000 };

describe('the figures of CloudWatch', () => {
  it('become minutes with the failed share of their requests', async () => {
    let asked: unknown;
    const client = {
      send: async ({ input }: { input: unknown }) => {
        asked = input;
        return {
          MetricDataResults: [
            { Id: 'errors', Timestamps: [new Date(60_000)], Values: [2.5] },
            { Id: 'requests', Timestamps: [new Date(0), new Date(60_000)], Values: [100, 200] },
          ],
        };
      },
    } as unknown as Figures;
    expect(await readDistributionTraffic(client, 'E123', span)).toMatchObject([
      { at: 0, byOrigin: { '': 100 }, failed: 0, p50Ms: null },
      { at: 60_000, byOrigin: { '': 195 }, failed: 5 },
    ]);
    expect(JSON.stringify(asked)).toMatch(/"Value":"E123".*"Value":"Global".*"Period":60/);
  });

  it.each([
    {
      name: 'AccessDenied',
      message: 'User: arn:aws:iam::1:user/x is not authorized',
      status: 403,
      hint: /need the permission cloudwatch:GetMetricData/,
    },
    { name: 'InternalFailure', message: 'oops', status: 500, hint: /^CloudWatch figures are missing: .*oops/ },
  ])('are a hint after $name', async ({ name, message, status, hint }) => {
    const client = { send: () => Promise.reject(fail(name, message, status)) } as unknown as Figures;
    const error = await readDistributionTraffic(client, 'E123', span).catch((found: unknown) => found);
    expect(describeNoFigures(error)).toMatch(hint);
  });
});

describe('the meter of AWS calls', () => {
  it('counts each attempt with its price', async () => {
    type Middleware = (next: () => Promise<void>, context: object) => () => Promise<void>;
    const open = (clientName: string) => {
      const added: Middleware[] = [];
      const client = { middlewareStack: { add: (each: Middleware) => void added.push(each) } };
      const send = async (commandName: string) => {
        for (const each of added) await each(async () => undefined, { clientName, commandName })();
      };
      return { client, send };
    };
    const store = open('CloudFrontKeyValueStoreClient');
    const metrics = open('CloudWatchClient');
    const meter = openCallMeter();
    const aws = meter.watch({ keyValueStore: async () => store.client, cloudWatch: async () => metrics.client } as unknown as Aws);
    // Opened twice, counted once.
    await aws.keyValueStore();
    await aws.keyValueStore();
    await aws.cloudWatch('us-east-1');
    for (let n = 0; n < 10; n++) await store.send('ListKeysCommand');
    await metrics.send('GetMetricDataCommand');
    const { count, usd, detail } = meter.read();
    expect([count, detail]).toEqual([11, 'CloudFrontKeyValueStore:ListKeys 10, CloudWatch:GetMetricData 1']);
    expect(usd).toBeCloseTo(10 / 1_000 + 0.02 / 1_000, 9);
  });
});
