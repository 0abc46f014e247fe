import type { CloudFrontClient } from '@aws-sdk/client-cloudfront';
import { wrapAwsError } from './aws-error.ts';

/** What can be seen of the credentials in use; never the credentials themselves. */
export interface CredentialFacts {
  kind: 'long-lived' | 'temporary';
  /** Of a session token, by how it begins; undefined when that is unknown. */
  tokenVersion: 1 | 2 | undefined;
  /** Epoch milliseconds; undefined when they do not say. */
  expiresAt: number | undefined;
}

/** Resolves the credentials as a call would. CREDENTIALS when there are none. */
export async function readCredentialFacts(client: CloudFrontClient): Promise<CredentialFacts> {
  try {
    const { sessionToken, expiration } = await client.config.credentials();
    return {
      kind: sessionToken === undefined || sessionToken === '' ? 'long-lived' : 'temporary',
      tokenVersion: readTokenVersion(sessionToken),
      expiresAt: expiration?.getTime(),
    };
  } catch (error) {
    throw wrapAwsError(error, 'find credentials');
  }
}

/**
 * AWS documents two versions of session tokens and the form of neither. Tokens of the global STS endpoint have been seen to begin with the text `er/aws`,
 * those of regional endpoints with `origin_ec`, both after a few bytes in base64: good for a hint, never for a verdict.
 */
export function readTokenVersion(token: string | undefined): 1 | 2 | undefined {
  const head = Buffer.from((token ?? '').slice(0, 24), 'base64').toString('latin1');
  if (head.includes('origin_ec')) return 2;
  return head.includes('er/aws') ? 1 : undefined;
}
