import {
  GetContinuousDeploymentPolicy$,
  type GetContinuousDeploymentPolicyRequest,
  type GetContinuousDeploymentPolicyResult,
} from '@aws-sdk/client-cloudfront';
import { operation } from '../../operation.ts';
import { describePolicy, findPolicy } from '../../rules/continuous-deployment.ts';

export const getContinuousDeploymentPolicy = operation<GetContinuousDeploymentPolicyRequest, GetContinuousDeploymentPolicyResult>(
  GetContinuousDeploymentPolicy$,
  (input, account) => {
    const record = findPolicy(input.Id, account);
    return { ContinuousDeploymentPolicy: describePolicy(record), ETag: record.etag };
  },
);
