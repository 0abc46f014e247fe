import {
  CreateContinuousDeploymentPolicy$,
  type CreateContinuousDeploymentPolicyRequest,
  type CreateContinuousDeploymentPolicyResult,
  DeleteContinuousDeploymentPolicy$,
  type DeleteContinuousDeploymentPolicyRequest,
  GetContinuousDeploymentPolicy$,
  type GetContinuousDeploymentPolicyRequest,
  type GetContinuousDeploymentPolicyResult,
  ListContinuousDeploymentPolicies$,
  type ListContinuousDeploymentPoliciesRequest,
  type ListContinuousDeploymentPoliciesResult,
  UpdateContinuousDeploymentPolicy$,
  type UpdateContinuousDeploymentPolicyRequest,
  type UpdateContinuousDeploymentPolicyResult,
} from '@aws-sdk/client-cloudfront';
import type { PolicyRecord } from '../account.ts';
import { checkIfMatch, createId, renewEtag } from '../etag.ts';
import { type Operation, operation, page } from '../operation.ts';
import { checkPolicyConfig, describePolicy, findPolicy, maxPolicies, primaryOfPolicy } from '../rules/continuous-deployment.ts';
import { ServiceError } from '../service-error.ts';

const createContinuousDeploymentPolicy = operation<CreateContinuousDeploymentPolicyRequest, CreateContinuousDeploymentPolicyResult>(
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

const getContinuousDeploymentPolicy = operation<GetContinuousDeploymentPolicyRequest, GetContinuousDeploymentPolicyResult>(
  GetContinuousDeploymentPolicy$,
  (input, account) => {
    const record = findPolicy(input.Id, account);
    return { ContinuousDeploymentPolicy: describePolicy(record), ETag: record.etag };
  },
);

const listContinuousDeploymentPolicies = operation<ListContinuousDeploymentPoliciesRequest, ListContinuousDeploymentPoliciesResult>(
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

const updateContinuousDeploymentPolicy = operation<UpdateContinuousDeploymentPolicyRequest, UpdateContinuousDeploymentPolicyResult>(
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

/** Only a policy that no distribution has attached can go. */
const deleteContinuousDeploymentPolicy = operation<DeleteContinuousDeploymentPolicyRequest, object>(
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

export const continuousDeploymentOperations: readonly Operation[] = [
  createContinuousDeploymentPolicy,
  getContinuousDeploymentPolicy,
  listContinuousDeploymentPolicies,
  updateContinuousDeploymentPolicy,
  deleteContinuousDeploymentPolicy,
];
