import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCachePolicy, readOriginRequestPolicy } from '../../../src/aws/policies.ts';
import { managedCachePolicies, managedOriginRequestPolicies, wrongPolicyIds } from '../../../src/doctor/known-policies.ts';
import { type LocalAccount, openLocalAccount } from './open-local-account.ts';

let account: LocalAccount;
beforeAll(async () => {
  account = await openLocalAccount();
});
afterAll(() => account.close());

/** AWS lists its own policies with this in front of their names. */
const asListed = <T extends { name: string }>(facts: T): T => ({ ...facts, name: `Managed-${facts.name}` });

describe('a managed policy as the API answers it', () => {
  it.each(Object.entries(managedCachePolicies))('is what doctor knows of cache policy %s', async (id, known) => {
    const facts = await readCachePolicy(account.cloudfront, id);
    expect(facts).toEqual({ ...asListed(known), headers: expect.arrayContaining([...known.headers]) });
    expect(facts?.headers.includes('cloudfront-viewer-country')).toBe(known.headers.includes('cloudfront-viewer-country'));
  });

  it.each(Object.entries(managedOriginRequestPolicies))('is what doctor knows of origin request policy %s', async (id, known) => {
    expect(await readOriginRequestPolicy(account.cloudfront, id)).toEqual(asListed(known));
  });
});

it.each(['4135ea2d-6df8-44a3-9df3-4b5a84be39ae', ...Object.keys(wrongPolicyIds)])('there is no policy %s', async (id) => {
  expect(await readCachePolicy(account.cloudfront, id)).toBeUndefined();
  expect(await readOriginRequestPolicy(account.cloudfront, id)).toBeUndefined();
});
