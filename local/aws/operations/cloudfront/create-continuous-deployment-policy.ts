import {
  CreateContinuousDeploymentPolicy$,
  type CreateContinuousDeploymentPolicyRequest,
  type CreateContinuousDeploymentPolicyResult,
} from '@aws-sdk/client-cloudfront';
import type { PolicyRecord } from '../../account.ts';
import { createId } from '../../etag.ts';
import { operation } from '../../operation.ts';
import { checkPolicyConfig, describePolicy, maxPolicies } from '../../rules/continuous-deployment.ts';
import { ServiceError } from '../../service-error.ts';

export const createContinuousDeploymentPolicy = operation<CreateContinuousDeploymentPolicyRequest, CreateContinuousDeploymentPolicyResult>(
  CreateContinuousDeploymentPolicy$,
  (input, account) => {
    const config = input.ContinuousDeploymentPolicyConfig;
    checkPolicyConfig(config, account);
    if (account.policies.size >= maxPolicies)
      throw new ServiceError('TooManyContinuousDeploymentPolicies', `an account has at most ${maxPolicies} continuous deployment policies`);
    const part = (length: number) => createId('0123456789abcdef', length, account.options.random);
    const record: PolicyRecord = {
      id: [part(8), part(4), part(4), part(4), part(12)].join('-'),
      config,
      etag: account.etag('E'),
      pastEtags: [],
      modifiedAt: account.date(),
    };
    account.policies.set(record.id, record);
    return {
      ContinuousDeploymentPolicy: describePolicy(record),
      Location: `https://cloudfront.amazonaws.com/2020-05-31/continuous-deployment-policy/${record.id}`,
      ETag: record.etag,
    };
  },
);
