import { isReservedKey, ownKey } from '../../../kvs/reserved-keys.ts';
import type { EdgeConfig } from '../../config/edge-config.ts';
import type { BuiltFunction } from '../../edge/build.ts';
import { hashCode } from '../../publish/stage.ts';
import { typed } from '../../text/typed.ts';
import { type CheckFinding, fail, ok, problemsOr, warn } from '../check.ts';
import { notKnown } from './distribution-checks.ts';
import {
  type Attributes,
  list,
  listReferences,
  type PlannedChange,
  type TerraformPlan,
  unknownValue,
  withoutIndexes,
} from './read-plan.ts';

// What a plan does to the function, the store and its keys.

export interface ResourceFacts {
  plan: TerraformPlan;
  config: EdgeConfig;
  /** The function of the working tree. */
  build(): Promise<Pick<BuiltFunction, 'sha256'>>;
}

const functionType = 'aws_cloudfront_function';
const storeType = 'aws_cloudfront_key_value_store';
const keyType = 'aws_cloudfrontkeyvaluestore_key';
const exclusiveType = 'aws_cloudfrontkeyvaluestore_keys_exclusive';

/** The changes to resources of this type and name, by the name before or after the apply. */
function named({ changes }: TerraformPlan, type: string, name: string): PlannedChange[] {
  return changes.filter((each) => each.type === type && (each.before?.['name'] === name || each.after?.['name'] === name));
}

/** The function stays, reads the store, and has the code of its publisher. */
export async function judgePlannedFunction({ plan, config, build }: ResourceFacts): Promise<readonly CheckFinding[]> {
  const { functionName: name, publishedBy } = config;
  const changes = named(plan, functionType, name);
  if (changes.length === 0) return [ok(`the plan does not manage the function ${name}`)];
  const isOurs = publishedBy === 'function:publish';
  const findings = await Promise.all(
    changes.map((change) => (isOurs ? judgeOwnFunction(change, name) : judgeTheirFunction(change, config, build))),
  );
  return findings.flat();
}

function judgeLifetime({ address, action }: PlannedChange, name: string): CheckFinding[] {
  if (action === 'delete')
    return [
      fail(
        `the plan deletes the function ${name} (${address}): CloudFront refuses it while a behavior runs the function, else viewers lose failover`,
        `${typed('un-adopt')} shows how to leave; a removed block with destroy = false only ends the management by Terraform`,
      ),
    ];
  if (action === 'replace')
    return [fail(`the plan deletes the function ${name} and creates it again (${address})`, 'keep its name: a new name is a new function')];
  if (action === 'forget') return [ok(`Terraform forgets the function ${name} (${address}), which stays on AWS`)];
  return [];
}

function judgeSettings({ before, after = {} }: PlannedChange, name: string): CheckFinding[] {
  const findings: CheckFinding[] = [];
  const runtime = after['runtime'];
  if (runtime !== 'cloudfront-js-2.0' && runtime !== unknownValue)
    findings.push(fail(`the plan runs ${name} on ${String(runtime)}, which cannot read a store`, 'runtime = "cloudfront-js-2.0"'));
  const [was, next] = [before, after].map((each) => each?.['key_value_store_associations']);
  const hasStore = next === unknownValue || (Array.isArray(next) && next.length > 0);
  if (!hasStore)
    findings.push(
      fail(
        `the plan associates no store with ${name}: it reads no record, and a failover moves no viewers`,
        'key_value_store_associations = [aws_cloudfront_key_value_store.….arn], with provider 5.43 or later',
      ),
    );
  else if (Array.isArray(was) && Array.isArray(next) && was.length > 0 && was[0] !== next[0])
    findings.push(
      next[0] === unknownValue
        ? notKnown('the plan', `the store of ${name}`)
        : fail(`the plan lets ${name} read another store, ${String(next[0])}`, 'the flipper writes the store that edge.config.ts names'),
    );
  return findings;
}

/** Mode A: `function:publish` writes the code, and the comment in which it attests the version. */
function judgeOwnFunction(change: PlannedChange, name: string): readonly CheckFinding[] {
  const { action, before, after, address } = change;
  const end = judgeLifetime(change, name);
  if (end.length > 0 || action === 'none') return end.length > 0 ? end : [ok(`the plan leaves the function ${name} as it is`)];
  const settings = judgeSettings(change, name);
  if (action === 'create')
    return problemsOr(settings, `the plan creates the function ${name} (${address}); function:publish then publishes its code`);
  const isChanged = (field: string) => before?.[field] !== after?.[field];
  const problems = [...settings];
  if (after?.['code'] === unknownValue) problems.push(notKnown('the plan', `the code of ${name}`));
  else if (isChanged('code'))
    problems.push(
      fail(
        `the plan puts other code into ${name} (${address}) than function:publish published: ${shortHash(before?.['code'])} becomes ${shortHash(after?.['code'])}`,
        'lifecycle { ignore_changes = [code, comment] }; or let Terraform publish: publishedBy in edge.config.ts',
      ),
    );
  if (isChanged('comment'))
    problems.push(
      fail(
        `the plan replaces the comment of ${name}, in which function:publish attests the version: rollbacks and the next publish are refused`,
        'lifecycle { ignore_changes = [code, comment] }',
      ),
    );
  if (problems.length > 0 || after?.['publish'] === false) return problemsOr(problems, `the plan changes ${name}, and publishes nothing`);
  return [
    warn(
      `the plan updates ${name}, and the provider then publishes what is in DEVELOPMENT (publish = true)`,
      `run ${typed('function:publish')} after the apply: it makes LIVE what it has proved`,
    ),
  ];
}

/** Mode B: the code must be what function:build wrote. */
async function judgeTheirFunction(
  change: PlannedChange,
  config: EdgeConfig,
  build: ResourceFacts['build'],
): Promise<readonly CheckFinding[]> {
  const { functionName: name } = config;
  const { action, after = {}, address } = change;
  const end = judgeLifetime(change, name);
  if (end.length > 0) return end;
  const problems = judgeSettings(change, name);
  if (after['publish'] === false)
    problems.push(fail(`the plan does not publish ${name} (${address}): viewers keep the code that is LIVE`, 'publish = true'));
  const { code } = after;
  if (code === unknownValue || typeof code !== 'string') problems.push(notKnown('the plan', `the code of ${name}`));
  else {
    const { sha256 } = await build();
    if (hashCode(code) !== sha256)
      problems.push(
        fail(
          `${name} has ${shortHash(code)} in the plan, and the working tree builds ${sha256.slice(0, 12)}: the plan has code that nothing proved`,
          `${typed('emit -- terraform')} --mode b writes the proved code again; then plan again`,
        ),
      );
  }
  return problemsOr(problems, `the plan ${action === 'none' ? 'leaves' : 'publishes'} ${name} with the build of the working tree`);
}

function shortHash(code: unknown): string {
  return typeof code === 'string' ? hashCode(code).slice(0, 12) : 'no code';
}

/** The store stays: it holds the record, the state and the audit. */
export function judgePlannedStore({ plan, config }: ResourceFacts): readonly CheckFinding[] {
  const name = config.keyValueStoreName;
  const findings = named(plan, storeType, name).map(({ action, address }): CheckFinding => {
    if (action === 'delete' || action === 'replace') {
      const again = action === 'delete' ? '' : ' and creates it again empty';
      return fail(
        `the plan deletes the store ${name}${again} (${address}): record, state, audit and versions are lost, and a failover ends`,
        'keep its name; lifecycle { prevent_destroy = true } makes Terraform refuse it; a move needs a moved block',
      );
    }
    if (action === 'forget')
      return warn(`Terraform forgets the store ${name} (${address}), which stays on AWS`, 'import it where it belongs now');
    return ok(
      `the plan ${action === 'create' ? 'creates' : action === 'update' ? 'changes the comment of' : 'leaves'} the store ${name} (${address})`,
    );
  });
  return findings.length > 0 ? findings : [ok(`the plan does not manage the store ${name}`)];
}

/** No resource of the plan writes the keys that the flipper and the publisher write. */
export function judgePlannedKeys(facts: ResourceFacts): readonly CheckFinding[] {
  const { plan, config } = facts;
  const isKey = (key: unknown) => typeof key === 'string' && isReservedKey(ownKey(key, config.keyPrefix));
  const found = plan.changes.flatMap((change): readonly CheckFinding[] => {
    if (change.type !== keyType && change.type !== exclusiveType) return [];
    const reach = reachesStore(facts, change);
    if (reach === 'no') return [];
    return change.type === keyType ? judgeKey(change, reach, isKey) : judgeExclusive(change, reach, config.keyValueStoreName, isKey);
  });
  return problemsOr(found, 'the plan manages none of the keys health, state, audit/*, publish/* and owned/*');
}

type Reach = 'yes' | 'no' | 'unknown';

/** Whether the keys are in our store: an ARN has the id of a store, not its name. */
function reachesStore({ plan, config }: ResourceFacts, { address, before, after }: PlannedChange): Reach {
  const ours = named(plan, storeType, config.keyValueStoreName);
  const referred = listReferences(plan, address, ['key_value_store_arn']);
  if (ours.some((store) => referred.has(withoutIndexes(store.address)))) return 'yes';
  const arn = [after, before]
    .map((each) => each?.['key_value_store_arn'])
    .find((each) => typeof each === 'string' && each !== unknownValue);
  const arns = [
    ...ours.flatMap((store) => [store.before?.['arn'], store.after?.['arn']]),
    ...plan.known
      .filter(({ type, values }) => type === storeType && values['name'] === config.keyValueStoreName)
      .map(({ values }) => values['arn']),
  ].filter((each) => typeof each === 'string' && each !== unknownValue);
  if (arn === undefined || arns.length === 0) return 'unknown';
  return arns.includes(arn) ? 'yes' : 'no';
}

function judgeKey(
  { address, action, before, after }: PlannedChange,
  reach: Reach,
  isKey: (key: unknown) => boolean,
): readonly CheckFinding[] {
  const key = [after?.['key'], before?.['key']].find(isKey);
  if (key === undefined || action === 'forget') return [];
  const store = reach === 'yes' ? 'the store' : 'a store that may be the flipper’s';
  const fix = 'take the resource out of the configuration with a removed block and destroy = false: the flipper alone writes this key';
  if (action === 'none')
    return [warn(`Terraform manages the key ${String(key)} of ${store} (${address}): the next plan after a failover undoes it`, fix)];
  const what = action === 'delete' ? 'deletes' : 'writes';
  const found = `the plan ${what} the key ${String(key)} of ${store} (${address}): that ends a failover that is in force`;
  return [reach === 'yes' ? fail(found, fix) : warn(found, fix)];
}

/**
 * The provider reads all keys of the store, and deletes those that the resource does not list. Its own end deletes
 * none.
 */
function judgeExclusive(
  { address, action, before, after }: PlannedChange,
  reach: Reach,
  storeName: string,
  isKey: (key: unknown) => boolean,
): readonly CheckFinding[] {
  if (action === 'delete' || action === 'forget') return [];
  const keysOf = (attributes: Attributes | undefined) => list(attributes?.['resource_key_value_pair']).map((pair) => pair['key']);
  const [was, next] = [keysOf(before), keysOf(after)];
  const lost = was.filter((key) => isKey(key) && !next.includes(key)).map(String);
  const shown = lost.length > 3 ? `${lost.slice(0, 3).join(', ')} and ${lost.length - 3} more` : lost.join(', ');
  const fix = 'use aws_cloudfrontkeyvaluestore_key for single keys of your own, or `keys` in edge.config.ts, or a store of its own';
  const store = reach === 'yes' ? storeName : 'a store that may be the flipper’s';
  if (lost.length > 0) return [fail(`the plan deletes ${shown} from ${store} (${address}), and a failover with them`, fix)];
  const found = `${address} deletes every key of ${store} that it does not list: each apply undoes what the flipper wrote`;
  return [reach === 'yes' ? fail(found, fix) : warn(found, fix)];
}
