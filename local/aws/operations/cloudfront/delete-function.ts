import { DeleteFunction$, type DeleteFunctionRequest } from '@aws-sdk/client-cloudfront';
import { checkIfMatch } from '../../etag.ts';
import { operation } from '../../operation.ts';
import { distributionsOfFunction } from '../../rules/distribution-references.ts';
import { findFunction } from '../../rules/function-stage.ts';
import { ServiceError } from '../../service-error.ts';

export const deleteFunction = operation<DeleteFunctionRequest, object>(DeleteFunction$, (input, account) => {
  const record = findFunction(input.Name, account);
  checkIfMatch(input.IfMatch, record.development);
  const [user] = distributionsOfFunction(record.arn, account);
  if (user !== undefined) throw new ServiceError('FunctionInUse', `the function ${record.name} is used by the distribution ${user.id}`);
  account.functions.delete(record.name);
  account.tags.delete(record.arn);
  account.changed({ kind: 'function', arn: record.arn });
  return {};
});
