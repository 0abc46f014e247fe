import {
  UpdateContinuousDeploymentPolicy$,
  type UpdateContinuousDeploymentPolicyRequest,
  type UpdateContinuousDeploymentPolicyResult,
} from '@aws-sdk/client-cloudfront';
import { checkIfMatch, renewEtag } from '../../etag.ts';
import { operation } from '../../operation.ts';
import { checkPolicyConfig, describePolicy, findPolicy } from '../../rules/continuous-deployment.ts';

export const updateContinuousDeploymentPolicy = operation<UpdateContinuousDeploymentPolicyRequest, UpdateContinuousDeploymentPolicyResult>(
  UpdateContinuousDeploymentPolicy$,
  (input, account) => {
    const record = findPolicy(input.Id, account);
    checkIfMatch(input.IfMatch, record);
    checkPolicyConfig(input.ContinuousDeploymentPolicyConfig, account, record);
    renewEtag(record, account.etag('E'));
    record.config = input.ContinuousDeploymentPolicyConfig;
    record.modifiedAt = account.date();
    return { ContinuousDeploymentPolicy: describePolicy(record), ETag: record.etag };
  },
);
