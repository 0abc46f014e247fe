import { GetCachePolicyCommand, GetOriginRequestPolicyCommand } from '@aws-sdk/client-cloudfront';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCachePolicy, readOriginRequestPolicy } from '../../../src/aws/policies.ts';
import {
  compileCachePolicy,
  compileOriginRequestPolicy,
  managedCachePolicies,
  managedOriginRequestPolicies,
  wrongPolicyIds,
} from '../../../src/config/managed-policies.ts';
import { type LocalAccount, openLocalAccount } from './open-local-account.ts';

let account: LocalAccount;
beforeAll(async () => {
  account = await openLocalAccount();
});
afterAll(() => account.close());

/** AWS lists its own policies with this before their names. */
const asListed = <T extends { name: string }>(policy: T): T => ({ ...policy, name: `Managed-${policy.name}` });

describe('a managed policy in the answer of the API means what the list says', () => {
  it.each(Object.entries(managedCachePolicies))('cache policy %s', async (Id, known) => {
    const { CachePolicy } = await account.cloudfront.send(new GetCachePolicyCommand({ Id }));
    expect(compileCachePolicy(CachePolicy?.CachePolicyConfig as never)).toEqual(asListed(known));
  });

  it.each(Object.entries(managedOriginRequestPolicies))('origin request policy %s', async (Id, known) => {
    const { OriginRequestPolicy } = await account.cloudfront.send(new GetOriginRequestPolicyCommand({ Id }));
    expect(compileOriginRequestPolicy(OriginRequestPolicy?.OriginRequestPolicyConfig as never)).toEqual(asListed(known));
  });
});

it.each(['4135ea2d-6df8-44a3-9df3-4b5a84be39ae', ...Object.keys(wrongPolicyIds)])('there is no policy %s', async (id) => {
  const client = async () => account.cloudfront;
  expect(await readCachePolicy(client, id)).toBeUndefined();
  expect(await readOriginRequestPolicy(client, id)).toBeUndefined();
});
