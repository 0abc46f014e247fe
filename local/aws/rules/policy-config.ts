import type { CachePolicyCookiesConfig, CachePolicyQueryStringsConfig } from '@aws-sdk/client-cloudfront';
import type { Selection } from '../../../src/config/managed-policies.ts';

/** Which cookies a managed policy takes, in the API's words; the same for both kinds of policy. */
export function selectCookies(
  selection: Selection,
): CachePolicyCookiesConfig & { CookieBehavior: 'none' | 'all' | 'whitelist' | 'allExcept' } {
  if (typeof selection === 'string') return { CookieBehavior: selection };
  if ('except' in selection)
    return { CookieBehavior: 'allExcept', Cookies: { Quantity: selection.except.length, Items: [...selection.except] } };
  return { CookieBehavior: 'whitelist', Cookies: { Quantity: selection.length, Items: [...selection] } };
}

/** Which query strings a managed policy takes, in the API's words. */
export function selectQueryStrings(
  selection: Selection,
): CachePolicyQueryStringsConfig & { QueryStringBehavior: 'none' | 'all' | 'whitelist' | 'allExcept' } {
  if (typeof selection === 'string') return { QueryStringBehavior: selection };
  if ('except' in selection)
    return { QueryStringBehavior: 'allExcept', QueryStrings: { Quantity: selection.except.length, Items: [...selection.except] } };
  return { QueryStringBehavior: 'whitelist', QueryStrings: { Quantity: selection.length, Items: [...selection] } };
}
