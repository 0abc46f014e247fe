import { createHmac } from 'node:crypto';
import { request } from 'undici';
import { cutText } from '../../../kvs/cut-text.ts';
import type { Channel, DeliveryFailure, Notification } from './notification.ts';

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

/** A POST of JSON that Slack, and whatever understands Slack's incoming webhooks, shows as a message. Redirects are not followed. */
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

/** `v1=` and the HMAC-SHA256, in hex, of `<timestamp>.<body>`; the timestamp is in the signature so that an old message cannot be sent again. */
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
