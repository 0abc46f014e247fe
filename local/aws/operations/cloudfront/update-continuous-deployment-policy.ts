import {
  UpdateContinuousDeploymentPolicy$,
  type UpdateContinuousDeploymentPolicyRequest,
  type UpdateContinuousDeploymentPolicyResult,
} from '@aws-sdk/client-cloudfront';
import { checkIfMatch, renewEtag } from '../../etag.ts';
import { operation } from '../../operation.ts';
import { checkPolicyConfig, describePolicy, findPolicy, primaryOfPolicy } from '../../rules/continuous-deployment.ts';

export const updateContinuousDeploymentPolicy = operation<UpdateContinuousDeploymentPolicyRequest, UpdateContinuousDeploymentPolicyResult>(
  UpdateContinuousDeploymentPolicy$,
  (input, account) => {
    const record = findPolicy(input.Id, account);
    checkIfMatch(input.IfMatch, record);
    checkPolicyConfig(input.ContinuousDeploymentPolicyConfig, account, record);
    renewEtag(record, account.etag('E'));
    record.config = input.ContinuousDeploymentPolicyConfig;
    record.modifiedAt = account.date();
    const primary = primaryOfPolicy(record.id, account);
    if (primary !== undefined) account.changed({ kind: 'distribution', id: primary.id });
    return { ContinuousDeploymentPolicy: describePolicy(record), ETag: record.etag };
  },
);
