import type { CredentialFacts } from '../../aws/credential-facts.ts';
import { EdgeError } from '../../errors.ts';
import { formatDuration } from '../../text/duration.ts';
import { defineCheck, type Finding, fail, ok, warn } from '../check.ts';

interface Facts {
  credentials: CredentialFacts;
  /** Undefined when the store took a request that was signed with them. */
  refusal: EdgeError | undefined;
  /** Of AWS_STS_REGIONAL_ENDPOINTS. */
  stsEndpoints: string | undefined;
  /** Epoch milliseconds. */
  now: number;
}

const soonMs = 10 * 60_000;

/** The credentials can write the store. */
export const credentialsCheck = defineCheck<Facts>({
  id: 'credentials',
  why: 'The store takes SigV4A only, and with it no session token of version 1: such credentials can publish, but not fail over.',
  gather: async ({ credentials, values, stsEndpoints, now }) => {
    const [found, refusal] = await Promise.all([
      credentials(),
      values().then(
        () => undefined,
        (error: unknown) => {
          if (error instanceof EdgeError) return error;
          throw error;
        },
      ),
    ]);
    return { credentials: found, refusal, stsEndpoints, now: now() };
  },
  judge: judgeCredentials,
});

export function judgeCredentials({ credentials, refusal, stsEndpoints, now }: Facts): readonly Finding[] {
  const { kind, tokenVersion, expiresAt } = credentials;
  const seen =
    kind === 'long-lived'
      ? 'long-lived keys'
      : `a session token${tokenVersion === undefined ? '' : `, by its looks of version ${tokenVersion}`}`;
  const regional = 'take them from a regional STS endpoint: AWS_STS_REGIONAL_ENDPOINTS=regional, or sign in again with a region set';
  if (refusal?.code === 'CREDENTIALS')
    return [fail(`the store refuses them (${seen}): ${refusal.message}`, kind === 'temporary' ? regional : (refusal.hint ?? regional))];
  const findings: Finding[] = [];
  if (refusal === undefined) findings.push(ok(`the store takes what is signed with them: ${seen}`));
  else {
    const untold = `whether the store takes them is not known (${seen}): ${refusal.message}`;
    findings.push(tokenVersion === 1 ? warn(untold, regional) : warn(untold, refusal.hint ?? 'run it again'));
  }
  if (kind === 'temporary' && stsEndpoints === 'legacy')
    findings.push(warn('AWS_STS_REGIONAL_ENDPOINTS is legacy: the next token may come from the global endpoint, with version 1', regional));
  if (expiresAt !== undefined && expiresAt - now < soonMs)
    findings.push(warn(`they end in ${formatDuration(expiresAt - now)}`, 'sign in again before anything that takes longer'));
  return findings;
}
