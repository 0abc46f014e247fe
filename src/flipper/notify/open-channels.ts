import type { Aws } from '../../aws/clients.ts';
import { openTopic, type Topic } from '../../aws/sns-topic.ts';
import type { NotificationTarget } from '../../config/edge-config.ts';
import type { Environment } from '../../config/environments.ts';
import type { Channel } from './notification.ts';
import { openWebhookChannel } from './webhook-channel.ts';

const topicArn = /^arn:aws[a-z-]*:sns:([a-z0-9-]+):\d{12}:[\w-]{1,256}$/;

/**
 * The channels that the configuration names, their addresses and keys from the environment. A channel whose variable is missing or invalid is left out and
 * named in `problems`: a flipper that cannot notify still moves the traffic.
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
