import type { Topic } from '../../aws/sns-topic.ts';
import type { Channel } from './channel.ts';

/** An SNS topic: text for people, then the event as JSON. Subscriptions may filter by the attribute `event`. */
export function openSnsChannel(topic: Topic): Channel {
  return {
    name: 'sns',
    send: ({ id, of, title, lines, event }) =>
      topic.publish({ subject: title, body: [...lines, '', JSON.stringify(event)].join('\n'), attributes: { event: of, id } }),
  };
}
