import { UpdateFunction$, type UpdateFunctionRequest, type UpdateFunctionResult } from '@aws-sdk/client-cloudfront';
import { checkIfMatch, renewEtag } from '../../etag.ts';
import { operation } from '../../operation.ts';
import { checkFunction } from '../../rules/function-config.ts';
import { findFunction, summarizeFunction } from '../../rules/function-stage.ts';

/**
 * Replaces DEVELOPMENT's config and code. A config without KeyValueStoreAssociations drops them: the stricter reading, unconfirmed by AWS's pages.
 * The model places the new version in a header spelled `ETtag`.
 */
export const updateFunction = operation<UpdateFunctionRequest, UpdateFunctionResult>(UpdateFunction$, (input, account) => {
  const record = findFunction(input.Name, account);
  const { development } = record;
  checkIfMatch(input.IfMatch, development);
  checkFunction(input.FunctionConfig, input.FunctionCode, account);
  renewEtag(development, account.etag('E'));
  development.config = input.FunctionConfig;
  development.code = input.FunctionCode;
  development.modifiedAt = account.date();
  return { FunctionSummary: summarizeFunction(record, 'DEVELOPMENT', development, account), ETag: development.etag };
});
