import type { Aws } from './clients.ts';

export type ServiceName = 'cloudfront' | 'kvs' | 'lambda' | 'iam';

/** One call of an API by its name; the error is the SDK's own. */
export type CallService = (service: ServiceName, operation: string, input: Readonly<Record<string, unknown>>) => Promise<ServiceOutput>;

export type ServiceOutput = Readonly<Record<string, unknown>>;

interface Client {
  send(command: unknown): Promise<unknown>;
}

/** Calls operations that are data, so that one table of calls serves every client. Lambda's are those of `region`. */
export function openServiceCaller(aws: Aws, region: string): CallService {
  const open: Readonly<Record<ServiceName, () => Promise<[unknown, Readonly<Record<string, unknown>>]>>> = {
    cloudfront: async () => [await aws.cloudFront(), await import('@aws-sdk/client-cloudfront')],
    kvs: async () => [await aws.keyValueStore(), await import('@aws-sdk/client-cloudfront-keyvaluestore')],
    lambda: async () => [await aws.lambda(region), await import('@aws-sdk/client-lambda')],
    iam: async () => [await aws.iam(), await import('@aws-sdk/client-iam')],
  };
  return async (service, operation, input) => {
    const [client, commands] = await open[service]();
    const Command = commands[`${operation}Command`] as new (input: object) => unknown;
    return (await (client as Client).send(new Command(input))) as ServiceOutput;
  };
}
