import {
  ListContinuousDeploymentPolicies$,
  type ListContinuousDeploymentPoliciesRequest,
  type ListContinuousDeploymentPoliciesResult,
} from '@aws-sdk/client-cloudfront';
import { operation } from '../../operation.ts';
import { describePolicy } from '../../rules/continuous-deployment.ts';
import { page } from '../../rules/page.ts';

export const listContinuousDeploymentPolicies = operation<ListContinuousDeploymentPoliciesRequest, ListContinuousDeploymentPoliciesResult>(
  ListContinuousDeploymentPolicies$,
  (input, account) => {
    const { items, limit, nextMarker } = page([...account.policies.values()], (record) => record.id, input);
    return {
      ContinuousDeploymentPolicyList: {
        NextMarker: nextMarker,
        MaxItems: limit,
        Quantity: items.length,
        Items: items.length === 0 ? undefined : items.map((record) => ({ ContinuousDeploymentPolicy: describePolicy(record) })),
      },
    };
  },
);
