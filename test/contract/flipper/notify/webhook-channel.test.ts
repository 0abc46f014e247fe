import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildNotification } from '../../../../src/flipper/notify/notifier.ts';
import { openWebhookChannel } from '../../../../src/flipper/notify/open-channels.ts';
import { flipEvent } from '../../../unit/flipper/notify/flip-event.ts';
import { type AwsStub, openAwsStub, type StubAnswer } from '../../aws/open-aws-stub.ts';

const at = Date.parse('2026-03-01T03:00:00Z');
const notification = buildNotification(flipEvent, at, 'flipper@host:1');
let receiver: AwsStub;

beforeEach(async () => {
  receiver = await openAwsStub();
});
afterEach(() => receiver.close());

const send = (secret?: string, timeoutMs = 20_000) =>
  openWebhookChannel({ url: `${receiver.url}/T0/token`, secret, now: () => at, timeoutMs }).send(notification);

describe('a webhook', () => {
  it('posts a message that Slack shows, with the event beside it', async () => {
    receiver.answer({ body: 'ok' });
    expect(await send()).toBeUndefined();
    const [request] = receiver.requests;
    expect(request).toMatchObject({ method: 'POST', path: '/T0/token', headers: { 'content-type': 'application/json; charset=utf-8' } });
    expect(request?.headers['x-flipper-signature']).toBeUndefined();
    const body = JSON.parse(request?.body ?? '') as Record<string, unknown>;
    expect(body).toEqual({
      text: expect.any(String),
      id: `flipper@host:1/${at}/flip`,
      event: { ...flipEvent, at: '2026-03-01T03:00:00.000Z' },
    });
    expect(body['text']).toMatch(/^\*Failover: singapore 100 to 0\*\n03:00:00 UTC {2}flipped singapore 100 % → 0 %: /);
    expect(body['text']).toContain('&lt;!channel&gt; &amp; more');
  });

  it('signs body and time with the key, as a receiver can check', async () => {
    receiver.answer({ body: '' });
    await send('a key');
    const { headers, body } = receiver.requests[0] ?? expect.fail('nothing arrived');
    expect(headers['x-flipper-timestamp']).toBe('1772334000');
    const expected = createHmac('sha256', 'a key').update(`1772334000.${body}`).digest('hex');
    expect(headers['x-flipper-signature']).toBe(`v1=${expected}`);
  });

  it.each<{ when: string; answer: StubAnswer; failure: object }>([
    {
      when: 'the receiver fails',
      answer: { status: 500, body: 'oops\nagain' },
      failure: { detail: 'status 500: oops again', isFinal: false },
    },
    {
      when: 'it is too busy',
      answer: { status: 429, headers: { 'retry-after': '3' }, body: '' },
      failure: { detail: 'status 429', isFinal: false, retryAfterMs: 3_000 },
    },
    {
      when: 'it asks for an hour',
      answer: { status: 503, headers: { 'retry-after': '3600' }, body: '' },
      failure: { retryAfterMs: 30_000 },
    },
    { when: 'it refuses', answer: { status: 404, body: 'no_service' }, failure: { detail: 'status 404: no_service', isFinal: true } },
    {
      when: 'it redirects',
      answer: { status: 302, headers: { location: '/other' }, body: '' },
      failure: { detail: 'status 302', isFinal: true },
    },
    { when: 'it never answers', answer: 'hang', failure: { detail: 'no answer within 200 ms', isFinal: false } },
  ])('says whether it is worth another attempt when $when', async ({ answer, failure }) => {
    receiver.answer(answer);
    expect(await send('a key', answer === 'hang' ? 200 : undefined)).toMatchObject(failure);
    expect(receiver.requests).toHaveLength(1);
  });

  it('keeps its URL secret when no server listens', async () => {
    const url = `${receiver.url}/T0/token`;
    await receiver.close();
    const failure = await openWebhookChannel({ url }).send(notification);
    expect(failure).toEqual({ detail: 'ECONNREFUSED', isFinal: false });
    receiver = await openAwsStub();
  });
});
