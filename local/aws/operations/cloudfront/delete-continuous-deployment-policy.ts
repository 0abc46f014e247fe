import { DeleteContinuousDeploymentPolicy$, type DeleteContinuousDeploymentPolicyRequest } from '@aws-sdk/client-cloudfront';
import { checkIfMatch } from '../../etag.ts';
import { operation } from '../../operation.ts';
import { findPolicy, primaryOfPolicy } from '../../rules/continuous-deployment.ts';
import { ServiceError } from '../../service-error.ts';

/** Only a policy that no distribution has attached can go. */
export const deleteContinuousDeploymentPolicy = operation<DeleteContinuousDeploymentPolicyRequest, object>(
  DeleteContinuousDeploymentPolicy$,
  (input, account) => {
    const record = findPolicy(input.Id, account);
    checkIfMatch(input.IfMatch, record);
    const primary = primaryOfPolicy(record.id, account);
    if (primary !== undefined)
      throw new ServiceError('ContinuousDeploymentPolicyInUse', `the policy ${record.id} belongs to the distribution ${primary.id}`);
    account.policies.delete(record.id);
    return {};
  },
);
