import type { SNSClient } from '@aws-sdk/client-sns';
import { messageOf } from '../text/message-of.ts';
import { classifyAwsError, wrapAwsError } from './aws-error.ts';

interface TopicMessage {
  /** For e-mail: cut to the length that SNS accepts. */
  subject: string;
  body: string;
  /** Strings that subscriptions may filter by. */
  attributes: Readonly<Record<string, string>>;
}

export interface Topic {
  /** Publishes once; undefined on success. `isFinal`: sending it again changes nothing. Never rejects. */
  publish(message: TopicMessage): Promise<{ detail: string; isFinal: boolean } | undefined>;
}

/** Characters of a subject: ASCII on one line (SNS API reference, Publish). */
const maxSubjectLength = 100;

/** A standard SNS topic. `client` is for the topic's region. */
export function openTopic(arn: string, client: () => Promise<SNSClient>): Topic {
  return {
    publish: async ({ subject, body, attributes }) => {
      try {
        const [{ PublishCommand }, sns] = await Promise.all([import('@aws-sdk/client-sns'), client()]);
        await sns.send(
          new PublishCommand({
            TopicArn: arn,
            Subject: subject.replace(/[^\x20-\x7e]+/g, '?').slice(0, maxSubjectLength),
            Message: body,
            MessageAttributes: Object.fromEntries(
              Object.entries(attributes).map(([name, value]) => [name, { DataType: 'String', StringValue: value }]),
            ),
          }),
        );
        return undefined;
      } catch (error) {
        const failure = classifyAwsError(error);
        return { detail: messageOf(wrapAwsError(error, 'publish to the topic')), isFinal: failure === 'refused' || failure === 'bug' };
      }
    },
  };
}
