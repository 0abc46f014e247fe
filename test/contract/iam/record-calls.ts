import type { Aws } from '../../../src/aws/clients.ts';

/** One call as it left an SDK client. */
export interface RecordedCall {
  /** IAM's prefix of the service. */
  service: string;
  /** The operation's name in the API model. */
  operation: string;
  input: Readonly<Record<string, unknown>>;
}

const prefixes: Readonly<Record<string, string>> = {
  CloudFrontClient: 'cloudfront',
  CloudFrontKeyValueStoreClient: 'cloudfront-keyvaluestore',
  CloudWatchClient: 'cloudwatch',
  Route53Client: 'route53',
  SNSClient: 'sns',
};

type Middleware = (
  next: (args: { input: object }) => Promise<unknown>,
  context: { clientName?: string; commandName?: string },
) => (args: { input: object }) => Promise<unknown>;

interface Client {
  middlewareStack: { add(middleware: Middleware, options: { step: 'initialize'; name: string; override: boolean }): void };
}

/** The same clients, every call of which is written down, whatever comes of it. */
export function recordCalls(aws: Aws): { aws: Aws; calls: RecordedCall[] } {
  const calls: RecordedCall[] = [];
  const record = async <C>(opening: Promise<C>): Promise<C> => {
    const client = await opening;
    (client as unknown as Client).middlewareStack.add(
      (next, { clientName = '', commandName = '' }) =>
        (args) => {
          const service = prefixes[clientName] ?? clientName;
          calls.push({ service, operation: commandName.replace(/Command$/, ''), input: args.input as RecordedCall['input'] });
          return next(args);
        },
      { step: 'initialize', name: 'record', override: true },
    );
    return client;
  };
  return {
    calls,
    aws: {
      region: aws.region,
      cloudFront: () => record(aws.cloudFront()),
      keyValueStore: () => record(aws.keyValueStore()),
      route53: () => record(aws.route53()),
      cloudWatch: (region) => record(aws.cloudWatch(region)),
      sns: (region) => record(aws.sns(region)),
      sts: () => record(aws.sts()),
      secretsManager: () => record(aws.secretsManager()),
    },
  };
}
