import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTopic } from '../../../../src/aws/sns-topic.ts';
import { buildNotification } from '../../../../src/flipper/notify/notifier.ts';
import { openSnsChannel } from '../../../../src/flipper/notify/open-channels.ts';
import { flipEvent } from '../../../unit/flipper/notify/flip-event.ts';
import { type AwsStub, openAwsStub } from '../../aws/open-aws-stub.ts';

// The real SNS client on the wire of its query protocol, version 2010-03-31.

const arn = 'arn:aws:sns:eu-central-1:111122223333:flips';
const at = Date.parse('2026-03-01T03:00:00Z');
let stub: AwsStub;

beforeEach(async () => {
  stub = await openAwsStub();
});
afterEach(() => stub.close());

const send = (event = flipEvent, { sns } = stub.aws) =>
  openSnsChannel(openTopic(arn, () => sns('eu-central-1'))).send(buildNotification(event, at, 'flipper@host:1'));
const published =
  '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>';
const error = (status: number, code: string, type = 'Sender') => ({
  status,
  body: `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>${type}</Type><Code>${code}</Code><Message>because</Message></Error><RequestId>r</RequestId></ErrorResponse>`,
});

describe('an SNS topic', () => {
  it('gets text for people, the event for machines and attributes to filter by', async () => {
    stub.answer({ body: published });
    expect(await send()).toBeUndefined();
    const [request] = stub.requests;
    expect(request?.headers.authorization).toContain('/eu-central-1/sns/aws4_request');
    const form = new URLSearchParams(request?.body);
    expect(Object.fromEntries(form)).toMatchObject({
      Action: 'Publish',
      TopicArn: arn,
      Subject: 'Failover: singapore 100 to 0',
      'MessageAttributes.entry.1.Name': 'event',
      'MessageAttributes.entry.1.Value.StringValue': 'flip',
      'MessageAttributes.entry.2.Name': 'id',
    });
    const lines = form.get('Message')?.split('\n') ?? [];
    expect(lines[0]).toMatch(/^03:00:00 UTC {2}flipped singapore 100 % → 0 %/);
    expect(JSON.parse(lines.at(-1) ?? '')).toEqual({ ...flipEvent, at: '2026-03-01T03:00:00.000Z' });
  });

  it('gets a subject that SNS takes, however many origins moved', async () => {
    stub.answer({ body: published });
    const moves = Array.from({ length: 20 }, (_, index) => ({ origin: `origin-${index}`, from: 100, to: 0, why: '' }));
    await send({ ...flipEvent, moves });
    expect(new URLSearchParams(stub.requests[0]?.body).get('Subject')).toMatch(/^[\x20-\x7e]{100}$/);
  });

  it.each([
    { when: 'the topic is gone', answer: error(404, 'NotFound'), failure: { isFinal: true } },
    { when: 'the role may not publish', answer: error(403, 'AuthorizationError'), failure: { isFinal: true } },
    { when: 'SNS fails', answer: error(500, 'InternalError', 'Receiver'), failure: { isFinal: false } },
    { when: 'it throttles', answer: error(400, 'Throttled'), failure: { isFinal: false } },
    { when: 'it does not answer', answer: 'hang' as const, failure: { isFinal: false } },
  ])('says whether it is worth another attempt when $when', async ({ answer, failure }) => {
    stub.answer(answer);
    const sent = await send(flipEvent, answer === 'hang' ? stub.impatient : stub.aws);
    expect(sent).toMatchObject({ ...failure, detail: expect.stringMatching(/^cannot publish to the topic/) });
    expect(stub.requests).toHaveLength(1);
  });
});
