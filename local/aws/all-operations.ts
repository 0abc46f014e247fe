import type { Operation } from './operation.ts';
import { copyDistribution } from './operations/cloudfront/copy-distribution.ts';
import { createContinuousDeploymentPolicy } from './operations/cloudfront/create-continuous-deployment-policy.ts';
import { createDistribution, createDistributionWithTags } from './operations/cloudfront/create-distribution.ts';
import { createFunction } from './operations/cloudfront/create-function.ts';
import { createKeyValueStore } from './operations/cloudfront/create-key-value-store.ts';
import {
  createCachePolicy,
  createOriginRequestPolicy,
  deleteCachePolicy,
  deleteOriginRequestPolicy,
} from './operations/cloudfront/custom-policies.ts';
import { deleteContinuousDeploymentPolicy } from './operations/cloudfront/delete-continuous-deployment-policy.ts';
import { deleteDistribution } from './operations/cloudfront/delete-distribution.ts';
import { deleteFunction } from './operations/cloudfront/delete-function.ts';
import { deleteKeyValueStore } from './operations/cloudfront/delete-key-value-store.ts';
import { describeFunction } from './operations/cloudfront/describe-function.ts';
import { describeKeyValueStore } from './operations/cloudfront/describe-key-value-store.ts';
import { getCachePolicy } from './operations/cloudfront/get-cache-policy.ts';
import { getContinuousDeploymentPolicy } from './operations/cloudfront/get-continuous-deployment-policy.ts';
import { getDistribution } from './operations/cloudfront/get-distribution.ts';
import { getDistributionConfig } from './operations/cloudfront/get-distribution-config.ts';
import { getFunction } from './operations/cloudfront/get-function.ts';
import { getOriginRequestPolicy } from './operations/cloudfront/get-origin-request-policy.ts';
import { listContinuousDeploymentPolicies } from './operations/cloudfront/list-continuous-deployment-policies.ts';
import { listDistributions } from './operations/cloudfront/list-distributions.ts';
import { listFunctions } from './operations/cloudfront/list-functions.ts';
import { listKeyValueStores } from './operations/cloudfront/list-key-value-stores.ts';
import { publishFunction } from './operations/cloudfront/publish-function.ts';
import { listTagsForResource, tagResource, untagResource } from './operations/cloudfront/tag-resource.ts';
import { testFunction } from './operations/cloudfront/test-function.ts';
import { updateContinuousDeploymentPolicy } from './operations/cloudfront/update-continuous-deployment-policy.ts';
import { updateDistribution } from './operations/cloudfront/update-distribution.ts';
import { updateDistributionWithStagingConfig } from './operations/cloudfront/update-distribution-with-staging-config.ts';
import { updateFunction } from './operations/cloudfront/update-function.ts';
import { updateKeyValueStore } from './operations/cloudfront/update-key-value-store.ts';
import { deleteKey } from './operations/cloudfront-keyvaluestore/delete-key.ts';
import { describeStoreData } from './operations/cloudfront-keyvaluestore/describe-key-value-store.ts';
import { getKey } from './operations/cloudfront-keyvaluestore/get-key.ts';
import { listKeys } from './operations/cloudfront-keyvaluestore/list-keys.ts';
import { putKey } from './operations/cloudfront-keyvaluestore/put-key.ts';
import { updateKeys } from './operations/cloudfront-keyvaluestore/update-keys.ts';

/** The control plane (API 2020-05-31): REST-XML, SigV4. */
export const cloudfrontOperations: readonly Operation[] = [
  copyDistribution,
  createCachePolicy,
  createContinuousDeploymentPolicy,
  createDistribution,
  createDistributionWithTags,
  createFunction,
  createKeyValueStore,
  createOriginRequestPolicy,
  deleteCachePolicy,
  deleteContinuousDeploymentPolicy,
  deleteDistribution,
  deleteFunction,
  deleteKeyValueStore,
  deleteOriginRequestPolicy,
  describeFunction,
  describeKeyValueStore,
  getCachePolicy,
  getContinuousDeploymentPolicy,
  getDistribution,
  getDistributionConfig,
  getFunction,
  getOriginRequestPolicy,
  listContinuousDeploymentPolicies,
  listDistributions,
  listFunctions,
  listKeyValueStores,
  listTagsForResource,
  publishFunction,
  tagResource,
  testFunction,
  untagResource,
  updateContinuousDeploymentPolicy,
  updateDistribution,
  updateDistributionWithStagingConfig,
  updateFunction,
  updateKeyValueStore,
];

/** The data plane of KeyValueStores (API 2022-07-26): REST-JSON, SigV4A. */
export const keyValueStoreOperations: readonly Operation[] = [deleteKey, describeStoreData, getKey, listKeys, putKey, updateKeys];
