import type { Account } from '../account.ts';
import { ServiceError } from '../service-error.ts';
import type { Behavior } from './distribution-references.ts';

/** Refuses function associations of one behavior: only LIVE functions, one per event type, none beside Lambda@Edge on viewer events. */
export function checkFunctionAssociations(behavior: Behavior, at: string, account: Account): void {
  const associations = behavior.FunctionAssociations?.Items ?? [];
  const lambdas = behavior.LambdaFunctionAssociations?.Items ?? [];
  if (associations.length > 2) throw new ServiceError('TooManyFunctionAssociations', `${at} has more than two function associations`);
  if (lambdas.length > 4) throw new ServiceError('TooManyLambdaFunctionAssociations', `${at} has more than four Lambda@Edge associations`);
  const seen = new Set<string>();
  for (const { EventType, FunctionARN } of associations) {
    if (EventType !== 'viewer-request' && EventType !== 'viewer-response')
      throw new ServiceError('InvalidFunctionAssociation', `${at}: a function cannot run on ${EventType}`);
    if (seen.has(EventType)) throw new ServiceError('InvalidFunctionAssociation', `${at} has two functions on ${EventType}`);
    seen.add(EventType);
    if (lambdas.some((lambda) => lambda.EventType.startsWith('viewer-')))
      throw new ServiceError('InvalidFunctionAssociation', `${at} mixes CloudFront Functions and Lambda@Edge on viewer events`);
    if (account.published.liveFunction(FunctionARN) === undefined)
      throw new ServiceError('InvalidFunctionAssociation', `${at} names ${FunctionARN}, which is not a function that is LIVE`);
  }
}
