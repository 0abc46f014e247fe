import type { Aws } from '../../aws/clients.ts';
import { openTopic } from '../../aws/sns-topic.ts';
import type { NotificationTarget } from '../../config/edge-config.ts';
import type { Channel } from './channel.ts';
import { openSnsChannel } from './sns-channel.ts';
import { openWebhookChannel } from './webhook-channel.ts';

const topicArn = /^arn:aws[a-z-]*:sns:([a-z0-9-]+):\d{12}:[\w-]{1,256}$/;

/**
 * The channels that the configuration names, their addresses and keys from the environment. One whose variable is missing or makes no sense is left out and named in
 * `problems`: a flipper that cannot tell anybody still moves the traffic.
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
type Environment = Readonly<Record<string, string | undefined>>;

function openSns({ topicArnFrom }: Target<'sns'>, env: Environment, aws: Pick<Aws, 'sns'>): Channel | string {
  const arn = env[topicArnFrom];
  if (!arn) return `nobody is told by sns: ${topicArnFrom} is not set`;
  const [, region] = topicArn.exec(arn) ?? [];
  if (region === undefined) return `nobody is told by sns: ${topicArnFrom} is no ARN of a standard topic, found ${JSON.stringify(arn)}`;
  return openSnsChannel(openTopic(arn, () => aws.sns(region)));
}

/** No message repeats a value: a webhook's URL is as good as a password. */
function openWebhook({ urlFrom, secretFrom }: Target<'webhook'>, env: Environment): Channel | string {
  const url = env[urlFrom];
  if (!url) return `nobody is told by webhook: ${urlFrom} is not set`;
  if (!isSafe(url)) return `nobody is told by webhook: ${urlFrom} must be an https URL; http is for this machine only`;
  if (secretFrom === undefined) return openWebhookChannel({ url });
  const secret = env[secretFrom];
  return secret ? openWebhookChannel({ url, secret }) : `nobody is told by webhook: ${secretFrom} is not set`;
}

function isSafe(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(hostname));
}
