import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRoute53Signal } from '../../../src/aws/signals.ts';
import type { Route53Signal } from '../../../src/config/edge-config.ts';
import { type AwsStub, openAwsStub } from './open-aws-stub.ts';

// The real Route 53 client on the wire format of its API, version 2013-04-01.

const now = Date.parse('2026-03-01T03:00:00Z');
const config: Route53Signal = { type: 'route53', healthCheckId: '0123abcd-0123-0123-0123-0123456789ab', maxAgeMs: 90_000, required: true };
let stub: AwsStub;

beforeEach(async () => {
  stub = await openAwsStub();
});
afterEach(() => stub.close());

const look = (signal = new AbortController().signal, { route53 } = stub.aws) => openRoute53Signal(config, route53, () => now).probe(signal);
const observations = (statuses: readonly string[], at = '2026-03-01T02:59:40.000Z') =>
  `<?xml version="1.0"?><GetHealthCheckStatusResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><HealthCheckObservations>${statuses
    .map(
      (status, index) =>
        `<HealthCheckObservation><Region>us-east-1</Region><IPAddress>192.0.2.${index}</IPAddress><StatusReport><Status>${status}</Status><CheckedTime>${at}</CheckedTime></StatusReport></HealthCheckObservation>`,
    )
    .join('')}</HealthCheckObservations></GetHealthCheckStatusResponse>`;
const failure = 'Failure: Connection timed out. The endpoint or the internet connection is down.';

describe('a route53 signal', () => {
  it('asks for the status of its health check, signed for Route 53', async () => {
    stub.answer({ body: observations(Array(16).fill('Success: HTTP Status Code 200, OK')) });
    expect(await look()).toEqual({ opinion: 'good', latencyMs: expect.any(Number) });
    expect(stub.requests).toHaveLength(1);
    expect(stub.requests[0]).toMatchObject({
      method: 'GET',
      path: '/2013-04-01/healthcheck/0123abcd-0123-0123-0123-0123456789ab/status',
      headers: { authorization: expect.stringContaining('/us-east-1/route53/aws4_request') },
    });
  });

  it('is bad when few checkers reach the origin, and says what they met', async () => {
    stub.answer({ body: observations(['Success: HTTP Status Code 200, OK', ...Array(15).fill(failure)]) });
    expect(await look()).toMatchObject({ opinion: 'bad', detail: `1 of 16 health checkers reach it: ${failure}` });
  });

  it('has no opinion on observations that are too old', async () => {
    stub.answer({ body: observations(Array(16).fill(failure), '2026-03-01T02:58:00Z') });
    expect(await look()).toMatchObject({ opinion: 'none', detail: expect.stringMatching(/^0 of 16 health checkers .* 1m 30s$/) });
  });

  it('has no opinion when no checker reports', async () => {
    stub.answer({ body: observations([]) });
    expect(await look()).toMatchObject({ opinion: 'none', detail: expect.stringMatching(/^no health checker/) });
  });

  const error = (status: number, code: string, message: string) => ({
    status,
    body: `<ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>r</RequestId></ErrorResponse>`,
  });

  it('has no opinion when the health check is gone', async () => {
    stub.answer(error(404, 'NoSuchHealthCheck', 'A health check with id 0123 does not exist.'));
    expect(await look()).toMatchObject({ opinion: 'none', detail: expect.stringMatching(/^cannot read health check .*does not exist/) });
    expect(stub.requests).toHaveLength(1);
  });

  it('asks once more when it is throttled', async () => {
    stub.answer((_, made) =>
      made === 1 ? error(400, 'Throttling', 'Rate exceeded') : { body: observations(Array(5).fill('Success: OK')) },
    );
    expect(await look()).toMatchObject({ opinion: 'good' });
    expect(stub.requests).toHaveLength(2);
  });

  it('has no opinion when Route 53 does not answer, and waits for it no longer than it should', async () => {
    stub.answer('hang');
    const found = await look(undefined, stub.impatient);
    expect(found).toMatchObject({ opinion: 'none', detail: expect.stringMatching(/^cannot read health check/) });
    expect(stub.requests).toHaveLength(2);
  });

  it('ends at once when its signal aborts', async () => {
    stub.answer('hang');
    const stop = new AbortController();
    const looking = look(stop.signal);
    await expect.poll(() => stub.requests.length).toBe(1);
    stop.abort();
    expect(await looking).toMatchObject({ opinion: 'none' });
    // Its own time would have been up after 20 s, and a second request made.
    expect(stub.requests).toHaveLength(1);
  });

  it('reports a verdict at its first probe and is not probed again at once', () => {
    expect(openRoute53Signal(config, stub.aws.route53)).toMatchObject({
      name: 'route53',
      required: true,
      isFresh: false,
      thresholds: { unhealthyThreshold: 1, healthyThreshold: 1 },
    });
  });
});
