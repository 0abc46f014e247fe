import { parseHealthRecord } from '../../../kvs/health-record.ts';
import { healthKey } from '../../../kvs/keys.ts';
import type { CredentialFacts } from '../../aws/credentials.ts';
import type { StoreDescription } from '../../aws/open-flag-store.ts';
import type { EdgeConfig } from '../../config/edge-config.ts';
import { maxOverrideMs } from '../../core/flip.ts';
import { edgeSeconds, effectiveWeights, overrideInForce, parseLiveRecord } from '../../core/live-record.ts';
import { EdgeError } from '../../errors.ts';
import type { Stage } from '../../publish/stage.ts';
import { listAttested, type StoredRecord } from '../../publish/versions.ts';
import { formatRecord } from '../../text/format-record.ts';
import { formatDuration } from '../../text/time.ts';
import { pageOf, typed } from '../../text/typed.ts';
import { type CheckFinding, defineCheck, fail, ok, problemsOr, warn } from '../check.ts';

interface LiveCodeFacts {
  name: string;
  built: { sha256: string; bytes: number };
  live: Pick<Stage, 'sha256' | 'runtime'> | undefined;
  /** Default `function:publish`. */
  publishedBy?: EdgeConfig['publishedBy'];
}

/** What to do so that the publisher makes the build LIVE. */
function publishWith(publishedBy: EdgeConfig['publishedBy'] = 'function:publish'): string {
  return publishedBy === 'function:publish' ? typed('function:publish') : `deploy the build with ${publishedBy}`;
}

/** LIVE runs the build of the working tree. */
export const liveCodeCheck = defineCheck<LiveCodeFacts>({
  id: 'live-code',
  why: 'Otherwise viewers run other code than the tests of this working tree.',
  gather: async ({ config, build, liveFunction }) => {
    const [built, live] = await Promise.all([build(), liveFunction()]);
    return { name: config.functionName, built, live, publishedBy: config.publishedBy };
  },
  judge: judgeLiveCode,
});

export function judgeLiveCode({ name, built, live, publishedBy }: LiveCodeFacts): readonly CheckFinding[] {
  if (live === undefined) return [fail(`${name} has never been published`, publishWith(publishedBy))];
  const problems: CheckFinding[] = [];
  if (live.sha256 !== built.sha256)
    problems.push(
      fail(
        `LIVE is ${short(live.sha256)}, the working tree builds ${short(built.sha256)}`,
        `${typed('function:explain --')} --diff shows which viewers would move; then ${publishWith(publishedBy)}`,
      ),
    );
  if (live.runtime !== 'cloudfront-js-2.0')
    problems.push(fail(`LIVE runs on ${live.runtime || 'no known runtime'}, which cannot read a store`, publishWith(publishedBy)));
  return problemsOr(problems, `LIVE is ${short(built.sha256)}, ${built.bytes} bytes, the build of the working tree`);
}

function short(sha256: string): string {
  return sha256.slice(0, 12);
}

interface VersionsFacts {
  live: Pick<Stage, 'sha256' | 'published'> | undefined;
  /** The newest first. */
  known: readonly StoredRecord[];
}

/** The versions in the store are those that the publisher recorded. */
export const versionsCheck = defineCheck<VersionsFacts>({
  id: 'versions',
  why: 'A principal that can write the store can put code there for a rollback. Only the chain of records that LIVE attests proves who recorded it.',
  gather: async ({ liveFunction, versions }) => {
    const live = await liveFunction();
    return { live, known: live?.published?.link === undefined ? [] : await versions() };
  },
  judge: judgeVersions,
});

export function judgeVersions({ live, known }: VersionsFacts): readonly CheckFinding[] {
  const published = live?.published;
  if (published === undefined) return [ok('LIVE was not published by this package, so it attests no version')];
  if (published.link === undefined)
    return [
      warn(
        'LIVE attests no version, since an older package published it: function:rollback needs the SHA-256 of the code',
        `the next ${typed('function:publish')} starts the chain`,
      ),
    ];
  const attested = listAttested(live, known);
  const last = attested.at(-1);
  const rest = known.filter((record) => !attested.includes(record) && record.version < published.version);
  const fix = `find out who wrote the store (${pageOf('cloudtrail.md')}); ${typed('function:publish')} records LIVE again`;
  if (last === undefined) return [fail(`the record of LIVE, version ${published.version}, is missing or was changed`, fix)];
  // The store keeps the last versions only: older links end where nothing older is left.
  if (last.after !== undefined && rest.some(({ version }) => version <= (last.before ?? 0)))
    return [fail(`the record of version ${last.before} is missing or was changed: version ${last.version} attests another one`, fix)];
  const names = rest.map(({ version }) => version).join(', ');
  return rest.length === 0
    ? [ok(`LIVE attests ${attested.length} of ${known.length} versions in the store`)]
    : [warn(`LIVE does not attest version ${names}: a release was abandoned, or another writer added it`, 'function:rollback refuses it')];
}

interface StoreAssociationFacts {
  functionName: string;
  storeName: string;
  store: Pick<StoreDescription, 'arn' | 'status' | 'isReady'> | undefined;
  /** Undefined when the function is not LIVE. */
  live: { keyValueStoreArn: string | undefined } | undefined;
}

/** LIVE reads the store that the flipper writes. */
export const storeAssociationCheck = defineCheck<StoreAssociationFacts>({
  id: 'store-association',
  why: 'Without it every read fails at the edge, which then acts as if the record were ok: a failover moves no viewers.',
  gather: async ({ config, store, liveFunction }) => {
    const [found, live] = await Promise.all([store(), liveFunction()]);
    return { functionName: config.functionName, storeName: config.keyValueStoreName, store: found, live };
  },
  judge: judgeStoreAssociation,
});

export function judgeStoreAssociation({ functionName, storeName, store, live }: StoreAssociationFacts): readonly CheckFinding[] {
  const publish = `${typed('function:publish')} sets the association each time`;
  if (store === undefined)
    return [fail(`key-value store ${storeName} does not exist`, `${typed('kvs:apply')}, then ${typed('function:publish')}`)];
  if (!store.isReady) return [fail(`key-value store ${storeName} is ${store.status.toLowerCase()}, not ready`, 'wait, then run it again')];
  if (live === undefined) return [fail(`${functionName} has never been published`, publish)];
  if (live.keyValueStoreArn === undefined) return [fail(`LIVE ${functionName} is associated with no key-value store`, publish)];
  if (live.keyValueStoreArn !== store.arn)
    return [fail(`LIVE ${functionName} reads ${live.keyValueStoreArn}, but ${storeName} is ${store.arn}`, publish)];
  return [ok(`LIVE ${functionName} reads ${storeName}`)];
}

interface HealthRecordFacts {
  values: ReadonlyMap<string, string>;
  origins: readonly string[];
  /** Epoch milliseconds. */
  now: number;
}

/** The edge can read the record, and the record names only configured origins. */
export const healthRecordCheck = defineCheck<HealthRecordFacts>({
  id: 'health-record',
  why: 'The edge treats a record that it cannot read as ok, so a failover has no effect.',
  gather: async ({ config, values, now }) => ({ values: await values(), origins: Object.keys(config.origins), now: now() }),
  judge: judgeHealthRecord,
});

export function judgeHealthRecord({ values, origins, now }: HealthRecordFacts): readonly CheckFinding[] {
  const text = values.get(healthKey);
  if (text === undefined) return [warn('the key health is missing, which the edge treats as ok', typed('kvs:apply'))];
  const entries = parseHealthRecord(text, origins);
  if (entries === undefined)
    return [
      fail(
        parseHealthRecord(text) === undefined
          ? `the edge cannot parse the record ${JSON.stringify(text.slice(0, 120))}`
          : `the record is ${text.length} characters long, longer than the configured origins can need: the edge treats it as ok`,
        `${typed('failover --')} auto writes a valid record, such as ok`,
      ),
    ];
  const problems: CheckFinding[] = [];
  const unknown = [...new Set(entries.map(({ origin }) => origin).filter((id) => !origins.includes(id)))];
  if (unknown.length > 0)
    problems.push(
      fail(
        `the record names ${unknown.join(', ')}, but edge.config.ts has ${origins.join(', ')}: those entries move no viewers`,
        `${typed('failover --')} to <origin> with the right name, or fix edge.config.ts and publish`,
      ),
    );
  const long = entries.filter(({ until }) => until !== undefined && until > edgeSeconds(now + maxOverrideMs));
  if (long.length > 0)
    problems.push(
      fail(
        `an override of ${[...new Set(long.map(({ origin }) => origin))].join(', ')} ends more than 72 hours from now: no command of this package writes one`,
        `find out who wrote it (${pageOf('cloudtrail.md')}); ${typed('failover --')} auto ends it`,
      ),
    );
  const live = parseLiveRecord(values, now);
  const weights = effectiveWeights(live);
  if (origins.every((id) => weights[id] === 0))
    problems.push(fail('every origin has weight 0, which the edge ignores: all origins serve viewers', `${typed('failover --')} auto`));
  const expired = entries.filter(({ until }) => until !== undefined && until <= edgeSeconds(now));
  if (expired.length > 0)
    problems.push(
      warn(
        `${expired.length} expired override${expired.length === 1 ? '' : 's'} in the record: the edge skips them on every request`,
        `${typed('failover --')} auto --reason "tidy up", or the next flip, removes them`,
      ),
    );
  if (live.edited)
    problems.push(
      warn('the record was edited outside this package: the history has no reason', `${typed('failover --')} status shows all of it`),
    );
  return problemsOr(problems, describe(live, now));
}

function describe(live: ReturnType<typeof parseLiveRecord>, now: number): string {
  const override = overrideInForce(live);
  const words = formatRecord(live.text, { now, cause: true });
  if (override === undefined) return words;
  return `${words}, an override by ${override.by} for another ${formatDuration(override.until - now)}: ${override.reason}`;
}

interface CredentialsFacts {
  credentials: CredentialFacts;
  /** Undefined when the store accepted a request signed with them. */
  refusal: EdgeError | undefined;
  /** Of AWS_STS_REGIONAL_ENDPOINTS. */
  stsEndpoints: string | undefined;
  /** Epoch milliseconds. */
  now: number;
}

const credentialsSoonMs = 10 * 60_000;

/** The store accepts these credentials. */
export const credentialsCheck = defineCheck<CredentialsFacts>({
  id: 'credentials',
  why: 'The store accepts SigV4A only, without session tokens of version 1: such credentials can publish, but not fail over.',
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

export function judgeCredentials({ credentials, refusal, stsEndpoints, now }: CredentialsFacts): readonly CheckFinding[] {
  const { kind, tokenVersion, expiresAt } = credentials;
  const seen =
    kind === 'long-lived'
      ? 'long-lived keys'
      : `a session token${tokenVersion === undefined ? '' : `, apparently of version ${tokenVersion}`}`;
  const regional = 'get them from a regional STS endpoint: AWS_STS_REGIONAL_ENDPOINTS=regional, or sign in again with a region set';
  if (refusal?.code === 'CREDENTIALS')
    return [
      fail(`the store refuses the credentials (${seen}): ${refusal.message}`, kind === 'temporary' ? regional : (refusal.hint ?? regional)),
    ];
  const findings: CheckFinding[] = [];
  if (refusal === undefined) findings.push(ok(`the store accepts the credentials: ${seen}`));
  else {
    const unknown = `it is not known whether the store accepts the credentials (${seen}): ${refusal.message}`;
    findings.push(tokenVersion === 1 ? warn(unknown, regional) : warn(unknown, refusal.hint ?? 'run it again'));
  }
  if (kind === 'temporary' && stsEndpoints === 'legacy')
    findings.push(warn('AWS_STS_REGIONAL_ENDPOINTS is legacy: the next token may come from the global endpoint, with version 1', regional));
  if (expiresAt !== undefined && expiresAt - now < credentialsSoonMs)
    findings.push(warn(`the credentials expire in ${formatDuration(expiresAt - now)}`, 'sign in again before a longer task'));
  return findings;
}
