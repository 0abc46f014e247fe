import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAlarmSignal } from '../../../src/aws/signals.ts';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { openSignals } from '../../../src/flipper/open-signals.ts';
import { type AwsStub, openAwsStub } from './open-aws-stub.ts';

// The real CloudWatch client, which speaks JSON since version 3 of the SDK left the query protocol.

let stub: AwsStub;

beforeEach(async () => {
  stub = await openAwsStub();
});
afterEach(() => stub.close());

const look = ({ cloudWatch } = stub.aws) =>
  openAlarmSignal({ type: 'alarm', alarmName: 'singapore-5xx', required: false }, () => cloudWatch('ap-southeast-1')).probe(
    new AbortController().signal,
  );
const json = (value: unknown, status = 200) => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: JSON.stringify(value),
});
const metric = (fields: object) => json({ MetricAlarms: [{ AlarmName: 'singapore-5xx', ...fields }], CompositeAlarms: [] });

describe('an alarm signal', () => {
  it('asks for the one alarm, metric or composite, where it is', async () => {
    stub.answer(metric({ StateValue: 'OK', StateReason: 'no datapoint above' }));
    expect(await look()).toEqual({ opinion: 'good', latencyMs: expect.any(Number) });
    expect(stub.requests).toHaveLength(1);
    const [request] = stub.requests;
    expect(request).toMatchObject({
      method: 'POST',
      headers: {
        'x-amz-target': 'GraniteServiceVersion20100801.DescribeAlarms',
        authorization: expect.stringContaining('/ap-southeast-1/monitoring/aws4_request'),
      },
    });
    expect(JSON.parse(request?.body ?? '')).toEqual({ AlarmNames: ['singapore-5xx'], AlarmTypes: ['MetricAlarm', 'CompositeAlarm'] });
  });

  it.each([
    {
      when: 'the alarm is on',
      answer: metric({ StateValue: 'ALARM', StateReason: 'Threshold Crossed: 3 datapoints\n were above' }),
      found: { opinion: 'bad', detail: 'ALARM: Threshold Crossed: 3 datapoints  were above' },
    },
    {
      when: 'a composite alarm is on',
      answer: json({ MetricAlarms: [], CompositeAlarms: [{ AlarmName: 'singapore-5xx', StateValue: 'ALARM', StateReason: 'both' }] }),
      found: { opinion: 'bad', detail: 'ALARM: both' },
    },
    {
      when: 'it has not enough data',
      answer: metric({ StateValue: 'INSUFFICIENT_DATA', StateReason: 'Unchecked' }),
      found: { opinion: 'none', detail: 'INSUFFICIENT_DATA' },
    },
    {
      when: 'it cannot be evaluated, whatever its last state was',
      answer: metric({ StateValue: 'ALARM', EvaluationState: 'EVALUATION_FAILURE' }),
      found: { opinion: 'none', detail: 'CloudWatch cannot evaluate it: EVALUATION_FAILURE' },
    },
    {
      when: 'there is no such alarm',
      answer: json({ MetricAlarms: [], CompositeAlarms: [] }),
      found: { opinion: 'none', detail: expect.stringContaining('does not exist') },
    },
    {
      when: 'the role may not look',
      answer: json({ __type: 'com.amazon.coral.service#AccessDenied', message: 'User: x is not authorized' }, 403),
      found: { opinion: 'none', detail: expect.stringMatching(/^cannot read alarm singapore-5xx: User: x is not authorized/) },
    },
    { when: 'CloudWatch does not answer', answer: 'hang' as const, found: { opinion: 'none' } },
    { when: 'the answer is none', answer: { body: '<html>' }, found: { opinion: 'none' } },
  ])('says $found.opinion when $when', async ({ answer, found }) => {
    stub.answer(answer);
    expect(await look(answer === 'hang' ? stub.impatient : stub.aws)).toMatchObject(found);
  });
});

describe('openSignals', () => {
  const config = parseEdgeConfig({
    origins: {
      singapore: {
        region: 'ap-southeast-1',
        signals: [
          { type: 'http' },
          { type: 'route53', healthCheckId: '0123abcd-0123-0123-0123-0123456789ab' },
          { type: 'alarm', alarmName: 'here', required: true },
          { type: 'alarm', alarmName: 'there', region: 'us-east-1' },
        ],
      },
    },
    defaultOrder: ['singapore'],
  });
  const distribution = {
    CallerReference: 'a',
    Comment: '',
    Enabled: true,
    Origins: { Quantity: 1, Items: [{ Id: 'singapore', DomainName: 'alb.example.test' }] },
    DefaultCacheBehavior: undefined,
  };

  it('opens every kind, and looks for an alarm in its origin’s region unless it names another', async () => {
    stub.answer({ status: 500, body: '{}' });
    const sources = openSignals(config, distribution, undefined, stub.aws)['singapore'] ?? [];
    expect(sources.map(({ name, required }) => [name, required])).toEqual([
      ['http', false],
      ['route53', false],
      ['alarm', true],
      ['alarm', false],
    ]);
    for (const source of sources.slice(2)) await source.probe(new AbortController().signal);
    const regions = stub.requests.map(({ headers }) => /\d{8}\/([^/]+)\/monitoring/.exec(headers.authorization ?? '')?.[1]);
    expect(new Set(regions)).toEqual(new Set(['ap-southeast-1', 'us-east-1']));
  });

  it('leaves those that need AWS without an opinion on the local cloud', async () => {
    const sources = openSignals(config, distribution, {})['singapore'] ?? [];
    const looks = await Promise.all(sources.slice(1).map((source) => source.probe(new AbortController().signal)));
    expect(looks.map(({ opinion }) => opinion)).toEqual(['none', 'none', 'none']);
    expect(stub.requests).toEqual([]);
  });
});
