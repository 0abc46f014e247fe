import { createHmac } from 'node:crypto';
import { request } from 'undici';
import { cutText } from '../../../kvs/cut-text.ts';
import type { Aws } from '../../aws/clients.ts';
import { openTopic, type Topic } from '../../aws/sns-topic.ts';
import type { NotificationTarget } from '../../config/edge-config.ts';
import type { Environment } from '../../config/environments.ts';
import type { Channel, DeliveryFailure, Notification } from './notifier.ts';

const topicArn = /^arn:aws[a-z-]*:sns:([a-z0-9-]+):\d{12}:[\w-]{1,256}$/;

/**
 * The channels that the configuration names, their addresses and keys from the environment. A channel whose variable is
 * missing or invalid is left out and named in `problems`: a flipper that cannot notify still moves the traffic.
 */
export function openChannels(
  targets: readonly NotificationTarget[],
  env: Readonly<Record<string, string | undefined>>,
  aws: Pick<Aws, 'sns'>,
): { channels: Channel[]; problems: string[] } {
  const channels: Channel[] = [];
  const problems: string[] = [];
  for (const target of targets) {
    const opened = target.type === 'sns' ? openSns(target, env, aws) : openWebhook(target, env);
    if (typeof opened === 'string') problems.push(opened);
    else channels.push(opened);
  }
  return { channels, problems };
}

type Target<T> = Extract<NotificationTarget, { type: T }>;

function openSns({ topicArnFrom }: Target<'sns'>, env: Environment, aws: Pick<Aws, 'sns'>): Channel | string {
  const arn = env[topicArnFrom];
  if (!arn) return `no notifications by sns: ${topicArnFrom} is not set`;
  const [, region] = topicArn.exec(arn) ?? [];
  if (region === undefined)
    return `no notifications by sns: ${topicArnFrom} must be the ARN of a standard topic, got ${JSON.stringify(arn)}`;
  return openSnsChannel(openTopic(arn, () => aws.sns(region)));
}

/** An SNS topic: text for people, then the event as JSON. Subscriptions may filter by the attribute `event`. */
export function openSnsChannel(topic: Topic): Channel {
  return {
    name: 'sns',
    send: ({ id, of, title, lines, event }) =>
      topic.publish({ subject: title, body: [...lines, '', JSON.stringify(event)].join('\n'), attributes: { event: of, id } }),
  };
}

/** No message repeats a value: a webhook's URL is as good as a password. */
function openWebhook({ urlFrom, secretFrom }: Target<'webhook'>, env: Environment): Channel | string {
  const url = env[urlFrom];
  if (!url) return `no notifications by webhook: ${urlFrom} is not set`;
  if (!isSafe(url)) return `no notifications by webhook: ${urlFrom} must be an https URL; http is for this machine only`;
  if (secretFrom === undefined) return openWebhookChannel({ url });
  const secret = env[secretFrom];
  return secret ? openWebhookChannel({ url, secret }) : `no notifications by webhook: ${secretFrom} is not set`;
}

function isSafe(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(hostname));
}

export interface WebhookOptions {
  url: string;
  /** Key of the signature; unsigned without. */
  secret?: string | undefined;
  /** Epoch milliseconds. Default: the system's clock. */
  now?: () => number;
  /** For the whole exchange. Default 5 s. */
  timeoutMs?: number;
}

/** A receiver that asks for a longer pause than this gets the next attempt sooner. */
const maxRetryAfterMs = 30_000;

/**
 * A POST of JSON that Slack, and whatever understands Slack's incoming webhooks, shows as a message. Redirects are not
 * followed.
 */
export function openWebhookChannel({ url, secret, now = Date.now, timeoutMs = 5_000 }: WebhookOptions): Channel {
  return {
    name: 'webhook',
    send: async (notification) => {
      const body = formatWebhookBody(notification);
      const timestamp = Math.floor(now() / 1_000);
      try {
        const response = await request(url, {
          method: 'POST',
          headers: {
            'content-type': 'application/json; charset=utf-8',
            'user-agent': 'edge-failover-flipper',
            ...(secret === undefined
              ? {}
              : { 'x-flipper-timestamp': String(timestamp), 'x-flipper-signature': signWebhook(secret, timestamp, body) }),
          },
          body,
          // A frozen process finds kept connections dead.
          reset: true,
          signal: AbortSignal.timeout(timeoutMs),
        });
        const text = await readStart(response.body);
        return judgeAnswer(response.statusCode, response.headers['retry-after'], text);
      } catch (error) {
        const { code = '', name, message } = error as NodeJS.ErrnoException;
        // The error may quote the URL: its code and class are enough.
        const detail = name === 'TimeoutError' ? `no answer within ${timeoutMs} ms` : code || name || message;
        return { detail, isFinal: false };
      }
    },
  };
}

/**
 * `v1=` and the HMAC-SHA256, in hex, of `<timestamp>.<body>`; the timestamp is in the signature so that an old message
 * cannot be sent again.
 */
function signWebhook(secret: string, timestamp: number, body: string): string {
  return `v1=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
}

/** `text` is Slack's; `id` and `event` are for machines, and Slack ignores them. */
function formatWebhookBody({ id, title, lines, event }: Notification): string {
  return JSON.stringify({ text: [`*${escapeSlack(title)}*`, ...lines.map(escapeSlack)].join('\n'), id, event });
}

/** An origin's answer is quoted in a reason, and `<!channel>` in it would alert the whole channel. */
function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function judgeAnswer(status: number, retryAfter: string | string[] | undefined, text: string): DeliveryFailure | undefined {
  if (status >= 200 && status < 300) return undefined;
  const seconds = Number(retryAfter);
  return {
    detail: `status ${status}${text === '' ? '' : `: ${text}`}`,
    isFinal: status < 500 && status !== 408 && status !== 429,
    ...(seconds > 0 ? { retryAfterMs: Math.min(maxRetryAfterMs, seconds * 1_000) } : {}),
  };
}

/** What a receiver says about its refusal; the rest is not read. */
async function readStart(body: AsyncIterable<Buffer> & { destroy(): unknown }): Promise<string> {
  for await (const chunk of body) {
    body.destroy();
    return cutText(chunk.toString('utf8'), 80);
  }
  return '';
}
