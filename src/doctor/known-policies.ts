import type { CachePolicyFacts, OriginRequestPolicyFacts } from '../aws/policies.ts';

// AWS's managed policies, as far as they matter here; an id that is not listed is asked for.
// DG using-managed-cache-policies.html, using-managed-origin-request-policies.html

const day = 86_400;

export const managedCachePolicies: Readonly<Record<string, CachePolicyFacts>> = {
  '4135ea2d-6df8-44a3-9df3-4b5a84be39ad': { name: 'CachingDisabled', defaultTtlSeconds: 0, maxTtlSeconds: 0, headers: [] },
  '658327ea-f89d-4fab-a63d-7e88639e58f6': {
    name: 'CachingOptimized',
    defaultTtlSeconds: day,
    maxTtlSeconds: 365 * day,
    headers: [],
  },
  'b2884449-e4de-46a7-ac36-70bc7f1ddd6d': {
    name: 'CachingOptimizedForUncompressedObjects',
    defaultTtlSeconds: day,
    maxTtlSeconds: 365 * day,
    headers: [],
  },
  '83da9c7e-98b4-4e11-a168-04f0df8e2c65': {
    name: 'UseOriginCacheControlHeaders',
    defaultTtlSeconds: 0,
    maxTtlSeconds: 365 * day,
    headers: ['host', 'origin'],
  },
  '4cc15a8a-d715-48a4-82b8-cc0b614638fe': {
    name: 'UseOriginCacheControlHeaders-QueryStrings',
    defaultTtlSeconds: 0,
    maxTtlSeconds: 365 * day,
    headers: ['host', 'origin'],
  },
  '08627262-05a9-4f76-9ded-b50ca2e3a84f': {
    name: 'Elemental-MediaPackage',
    defaultTtlSeconds: day,
    maxTtlSeconds: 365 * day,
    headers: ['origin'],
  },
  '2e54312d-136d-493c-8eb9-b001f22f67d2': {
    name: 'Amplify',
    defaultTtlSeconds: 2,
    maxTtlSeconds: 600,
    headers: ['authorization', 'cloudfront-viewer-country', 'host'],
  },
};

/** AllViewerAndCloudFrontHeaders-2022-06: the managed policy that sends the country. */
export const countryPolicyId = '33f36d7e-f396-46d9-90e0-52428a34d9dc';

/** CachingDisabled. */
export const cachingDisabledId = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad';

export const managedOriginRequestPolicies: Readonly<Record<string, OriginRequestPolicyFacts>> = {
  '216adef6-5c7f-47e4-b989-5492eafa07d3': { name: 'AllViewer', sendsCountry: false, forwardsHost: true },
  [countryPolicyId]: { name: 'AllViewerAndCloudFrontHeaders-2022-06', sendsCountry: true, forwardsHost: true },
  'b689b0a8-53d0-40ab-baf2-68738e2966ac': { name: 'AllViewerExceptHostHeader', sendsCountry: false, forwardsHost: false },
  '59781a5b-3903-41f3-afcb-af62929ccde1': { name: 'CORS-CustomOrigin', sendsCountry: false, forwardsHost: false },
  '88a5eaf4-2fd4-4709-b370-b4c650ea3fcf': { name: 'CORS-S3Origin', sendsCountry: false, forwardsHost: false },
  'bf0718e1-ba1e-49d1-88b1-f726733018ae': { name: 'HostHeaderOnly', sendsCountry: false, forwardsHost: true },
  'acba4595-bd28-49b8-b9fe-13317c0390fa': { name: 'UserAgentRefererHeaders', sendsCountry: false, forwardsHost: false },
  '775133bc-15f2-49f9-abea-afb2e0bf67d2': {
    name: 'Elemental-MediaTailor-PersonalizedManifests',
    sendsCountry: false,
    forwardsHost: false,
  },
};

/** Ids that are passed on from one tutorial to the next and are of no policy: the beginning is right, the rest is not. */
export const wrongPolicyIds: Readonly<Record<string, string>> = {
  '216adef6-5c04-47e4-8448-69f88d76e8d0': `it is often given for AllViewer, whose id is 216adef6-5c7f-47e4-b989-5492eafa07d3, and which would not send the country either`,
};
