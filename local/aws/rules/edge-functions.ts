import type { Account } from '../account.ts';
import { ServiceError } from '../service-error.ts';
import type { Behavior } from './distribution-references.ts';

const viewerEvents = ['viewer-request', 'viewer-response'];
const lambdaEvents = [...viewerEvents, 'origin-request', 'origin-response'];
const maxFunctions = 2;
const maxLambdas = 4;

/** A numbered version in us-east-1; no alias, and not $LATEST (API reference, LambdaFunctionAssociation). */
const lambdaVersion = /^arn:aws:lambda:us-east-1:\d{12}:function:[\w-]{1,64}:\d+$/;

/** Refuses functions of one behavior: only LIVE ones and numbered Lambda versions, one per event type, and the two kinds not together on viewer events. */
export function checkEdgeFunctions(behavior: Behavior, at: string, account: Account): void {
  const associations = behavior.FunctionAssociations?.Items ?? [];
  const lambdas = behavior.LambdaFunctionAssociations?.Items ?? [];
  if (associations.length > maxFunctions)
    throw new ServiceError('TooManyFunctionAssociations', `${at} has more than two function associations`);
  if (lambdas.length > maxLambdas)
    throw new ServiceError('TooManyLambdaFunctionAssociations', `${at} has more than four Lambda@Edge associations`);
  const events = new Set<string>();
  for (const { EventType: event, FunctionARN } of associations) {
    const invalid = (message: string) => new ServiceError('InvalidFunctionAssociation', `${at}${message}`);
    if (!viewerEvents.includes(event)) throw invalid(`: a function cannot run on ${event}`);
    if (events.has(event)) throw invalid(` has two functions on ${event}`);
    events.add(event);
    if (lambdas.some((lambda) => lambda.EventType.startsWith('viewer-')))
      throw invalid(' mixes CloudFront Functions and Lambda@Edge on viewer events');
    if (account.published.liveFunction(FunctionARN) === undefined)
      throw invalid(` names ${FunctionARN}, which is not a function that is LIVE`);
  }
  events.clear();
  for (const { EventType: event, LambdaFunctionARN: arn, IncludeBody } of lambdas) {
    const invalid = (message: string) => new ServiceError('InvalidLambdaFunctionAssociation', `${at}${message}`);
    if (!lambdaEvents.includes(event)) throw invalid(`: Lambda@Edge cannot run on ${event}`);
    if (!lambdaVersion.test(arn)) throw invalid(` names ${arn}, which is not a numbered version of a function in us-east-1`);
    if (events.has(event)) throw invalid(` has two Lambda@Edge functions on ${event}`);
    if (IncludeBody === true && event.endsWith('-response')) throw invalid(` asks for the body on ${event}, which has none`);
    events.add(event);
  }
}
