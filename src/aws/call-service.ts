import type { IAMClient } from '@aws-sdk/client-iam';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import { once, oncePer } from '../text/once.ts';
import { type Aws, type AwsOptions, clientSettings, openAws } from './clients.ts';

/**
 * Clients of optional packages, which only the conformance kit needs: apart from the others, so that no bundle of the
 * flipper asks for them.
 */
export interface KitAws extends Aws {
  /** Retries as the SDK does by default. */
  lambda(region: string): Promise<LambdaClient>;
  /** IAM, a global service. Retries as the SDK does by default. */
  iam(): Promise<IAMClient>;
}

export function openKitAws(options: AwsOptions): KitAws {
  const settings = clientSettings(options);
  const timeoutMs = options.requestTimeoutMs ?? 30_000;
  return {
    ...openAws(options),
    lambda: oncePer(async (region: string) => {
      const { LambdaClient } = await import('@aws-sdk/client-lambda');
      return new LambdaClient({ ...settings('LAMBDA', timeoutMs), region });
    }),
    iam: once(async () => {
      const { IAMClient } = await import('@aws-sdk/client-iam');
      return new IAMClient(settings('IAM', timeoutMs));
    }),
  };
}

export type ServiceName = 'cloudfront' | 'kvs' | 'lambda' | 'iam';

/** One call of an API by its name; the error is the SDK's own. */
export type CallService = (service: ServiceName, operation: string, input: Readonly<Record<string, unknown>>) => Promise<ServiceOutput>;

export type ServiceOutput = Readonly<Record<string, unknown>>;

interface Client {
  send(command: unknown): Promise<unknown>;
}

/** Calls operations that are data, so that one table of calls serves every client. Lambda's are those of `region`. */
export function openServiceCaller(aws: KitAws, region: string): CallService {
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
