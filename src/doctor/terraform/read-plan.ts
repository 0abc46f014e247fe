import { readFile, stat } from 'node:fs/promises';
import { decodeText } from '../../config/distribution-file.ts';
import { EdgeError } from '../../errors.ts';
import { isRecord } from '../../text/is-record.ts';
import { lineOf, messageOf } from '../../text/message-of.ts';
import { pageOf } from '../../text/typed.ts';

// What `terraform show -json` or `tofu show -json` prints for a plan:
// https://developer.hashicorp.com/terraform/internals/json-format

export type Attributes = Readonly<Record<string, unknown>>;

/** What one apply would do to one resource. `forget` leaves it on AWS and takes it out of the state. */
type PlannedAction = 'none' | 'create' | 'update' | 'delete' | 'replace' | 'forget';

export interface PlannedChange {
  /** Such as `module.web[0].aws_cloudfront_function.router`. */
  address: string;
  /** Where a plan moves it from; undefined when it stays. */
  previousAddress: string | undefined;
  type: string;
  action: PlannedAction;
  /** Undefined for a resource that is created. */
  before: Attributes | undefined;
  /**
   * Undefined for one that goes. A value that only the apply knows is `unknownValue`, also in place of a whole block.
   */
  after: Attributes | undefined;
}

export interface TerraformPlan {
  path: string;
  /** The resources of a kind that concerns us, also those that stay as they are. */
  changes: readonly PlannedChange[];
  /** Of all resources of the plan. */
  counts: { resources: number; changed: number };
  /** Data sources and resources with their values, as far as the plan knows them. */
  known: readonly { type: string; values: Attributes }[];
  /** The plan stopped at an error, or defers changes to a later one. */
  isPartial: boolean;
  /** `configuration.root_module`, which says what refers to what. */
  rootModule: Attributes;
  /** Values that the team marked as sensitive. No output may repeat them. */
  secrets: ReadonlySet<string>;
}

/** In place of a value that only the apply knows: Terraform's own words. */
export const unknownValue = '(known after apply)';

/** The largest text that one string can hold is near 512 MiB. */
const maxPlanBytes = 256 * 1024 * 1024;
const howToShow = 'terraform plan -out tfplan, then terraform show -json tfplan > tfplan.json';

/** A plan may have thousands of other resources. */
const ofConcern = /^aws(cc)?_cloudfront/;

/** Reads a plan. CONFIG_INVALID says what else the file is, and how to get the right one. */
export async function readTerraformPlan(path: string): Promise<TerraformPlan> {
  const raw = parsePlanText(await readPlanText(path), path);
  try {
    return takePlan(raw, path);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw misread(path, 'nested too deeply for a plan of Terraform or OpenTofu', howToShow);
  }
}

function takePlan(raw: Attributes, path: string): TerraformPlan {
  const { resource_changes: changes, configuration, planned_values: planned, prior_state: prior } = raw;
  const [errored, complete] = [raw['errored'], raw['complete']];
  const managed = list(changes).filter(({ mode, deposed }) => mode !== 'data' && deposed === undefined);
  const listed = managed.filter(({ type }) => typeof type === 'string' && ofConcern.test(type));
  const priorValues = isRecord(prior) ? prior['values'] : undefined;
  return {
    path,
    changes: listed.flatMap(readChange),
    counts: {
      resources: managed.length,
      changed: managed.filter(({ change }) => isRecord(change) && readAction(change) !== 'none').length,
    },
    known: [planned, priorValues].flatMap((values) => (isRecord(values) ? listKnown(values['root_module']) : [])),
    isPartial: errored === true || complete === false,
    rootModule: isRecord(configuration) && isRecord(configuration['root_module']) ? configuration['root_module'] : {},
    secrets: new Set(listed.flatMap(({ change }) => (isRecord(change) ? listSecrets(change) : []))),
  };
}

async function readPlanText(path: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    const { size } = await stat(path);
    if (size > maxPlanBytes)
      throw new EdgeError('CONFIG_INVALID', `${path} has ${Math.ceil(size / 1024 / 1024)} MiB, and a plan of at most 256 MiB is read`, {
        hint: `plan the configuration of the distribution alone, or cut the file with jq: ${pageOf('terraform.md')}`,
      });
    bytes = await readFile(path);
  } catch (cause) {
    if (cause instanceof EdgeError) throw cause;
    throw new EdgeError('CONFIG_MISSING', `cannot read ${path}: ${messageOf(cause)}`, { cause, hint: howToShow });
  }
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) throw misread(path, 'a plan in the form that only Terraform reads', 'terraform show -json');
  return decodeText(bytes).replace(/^\uFEFF/, '');
}

function misread(path: string, found: string, hint: string): EdgeError {
  return new EdgeError('CONFIG_INVALID', `${path} is ${found}`, {
    hint: hint === 'terraform show -json' ? `${hint} ${path} > tfplan.json` : hint,
  });
}

function parsePlanText(text: string, path: string): Attributes {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    if (/^\s*\{"@level"/.test(text)) throw misread(path, 'the log of terraform plan -json, not the plan', howToShow);
    throw new EdgeError('CONFIG_INVALID', `${path} is not JSON: ${lineOf(cause)}`, { cause, hint: howToShow });
  }
  if (!isRecord(raw)) throw misread(path, 'no plan: it must hold one JSON object', howToShow);
  if ('@level' in raw) throw misread(path, 'the log of terraform plan -json, not the plan', howToShow);
  const version = raw['format_version'];
  const isPlan = typeof version === 'string' && ('resource_changes' in raw || 'planned_values' in raw || 'configuration' in raw);
  if (isPlan && !/^[01]\./.test(version))
    throw misread(path, `a plan of format ${version}, and only formats 0 and 1 are read`, 'update this package');
  if (isPlan && ('resource_changes' in raw ? Array.isArray(raw['resource_changes']) : true)) return raw;
  if (isPlan) throw misread(path, 'a damaged plan: resource_changes must be a list', howToShow);
  if ('values' in raw || Array.isArray(raw['resources']) || 'terraform_version' in raw)
    throw misread(path, 'a Terraform state, which has no planned changes', `${howToShow}; init --from-tfstate reads a state`);
  throw misread(path, 'no plan of Terraform or OpenTofu', howToShow);
}

function readChange({ address, previous_address: previous, type, change }: Attributes): PlannedChange[] {
  if (typeof address !== 'string' || typeof type !== 'string' || !isRecord(change)) return [];
  const { before, after, after_unknown: unknown } = change;
  const filled = fillUnknown(after, unknown);
  return [
    {
      address,
      previousAddress: typeof previous === 'string' ? previous : undefined,
      type,
      action: readAction(change),
      before: isRecord(before) ? before : undefined,
      // A resource that goes has no values, and nothing is unknown about it.
      after: isRecord(after) && isRecord(filled) ? filled : undefined,
    },
  ];
}

function readAction({ actions }: Attributes): PlannedAction {
  const has = (name: string) => Array.isArray(actions) && actions.includes(name);
  if (has('create')) return has('delete') || has('forget') ? 'replace' : 'create';
  if (has('delete')) return 'delete';
  if (has('forget')) return 'forget';
  return has('update') ? 'update' : 'none';
}

/** The value with `unknownValue` wherever `unknown` has true. */
function fillUnknown(value: unknown, unknown: unknown): unknown {
  if (unknown === true) return unknownValue;
  if (Array.isArray(unknown)) {
    const items = Array.isArray(value) ? value : [];
    return Array.from({ length: Math.max(items.length, unknown.length) }, (_, place) => fillUnknown(items[place], unknown[place]));
  }
  if (!isRecord(unknown)) return value;
  const fields = isRecord(value) ? value : {};
  const names = new Set([...Object.keys(fields), ...Object.keys(unknown)]);
  return Object.fromEntries([...names].map((name) => [name, fillUnknown(fields[name], unknown[name])]));
}

function listKnown(module: unknown): { type: string; values: Attributes }[] {
  if (!isRecord(module)) return [];
  const own = list(module['resources']).flatMap(({ type, values }) =>
    typeof type === 'string' && ofConcern.test(type) && isRecord(values) ? [{ type, values }] : [],
  );
  return [...own, ...list(module['child_modules']).flatMap(listKnown)];
}

function listSecrets({ before, after, before_sensitive: wasMarked, after_sensitive: isMarked }: Attributes): string[] {
  return [...textsBelow(before, wasMarked), ...textsBelow(after, isMarked)];
}

/** Shorter texts, such as `GET`, are words of every output. */
const minSecretLength = 6;

function textsBelow(value: unknown, mark: unknown): string[] {
  if (mark === undefined || mark === false || mark === null) return [];
  if (typeof value === 'string') return mark === true && value.length >= minSecretLength ? [value] : [];
  if (Array.isArray(value)) return value.flatMap((item, place) => textsBelow(item, mark === true || (Array.isArray(mark) && mark[place])));
  if (isRecord(value))
    return Object.keys(value).flatMap((name) => textsBelow(value[name], mark === true || (isRecord(mark) && mark[name])));
  return [];
}

/** The objects of a list; none for anything else. */
export function list(value: unknown): Attributes[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/**
 * The resources that an expression of a resource refers to, without indexes, such as
 * `module.edge.aws_cloudfront_function.router`. Follows outputs and variables of modules. `path` leads through the
 * expressions: `['ordered_cache_behavior', 0, 'function_association']`. Empty where the configuration does not say it,
 * as inside a dynamic block.
 */
export function listReferences(plan: TerraformPlan, address: string, path: readonly (string | number)[]): Set<string> {
  const { modules, resource } = splitAddress(address);
  const module = openModule(plan.rootModule, modules);
  const found = list(module?.['resources']).find((each) => each['address'] === resource);
  const at = path.reduce<unknown>(
    (value, key) => (isRecord(value) || Array.isArray(value) ? (value as Attributes)[key] : undefined),
    found?.['expressions'],
  );
  const seen = new Set<string>();
  return new Set(collectReferences(at).flatMap((reference) => follow(plan.rootModule, modules, reference, seen)));
}

/** An address without the keys of count and for_each. */
export function withoutIndexes(address: string): string {
  return address.replace(/\[(?:\d+|"(?:[^"\\]|\\.)*")\]/g, '');
}

function splitAddress(address: string): { modules: string[]; resource: string } {
  const parts = withoutIndexes(address).split('.');
  const modules: string[] = [];
  while (parts[0] === 'module') modules.push(...parts.splice(0, 2).slice(1));
  return { modules, resource: parts.join('.') };
}

function openModule(root: Attributes, modules: readonly string[]): Attributes | undefined {
  return modules.reduce<Attributes | undefined>((module, name) => {
    const called = callOf(module, name)?.['module'];
    return isRecord(called) ? called : undefined;
  }, root);
}

function callOf(module: Attributes | undefined, name: string): Attributes | undefined {
  const calls = module?.['module_calls'];
  const call = isRecord(calls) ? calls[name] : undefined;
  return isRecord(call) ? call : undefined;
}

function collectReferences(expression: unknown): string[] {
  if (Array.isArray(expression)) return expression.flatMap(collectReferences);
  if (!isRecord(expression)) return [];
  const { references, ...rest } = expression;
  const own = Array.isArray(references) ? references.filter((each) => typeof each === 'string') : [];
  return [...own, ...Object.values(rest).flatMap(collectReferences)];
}

/** `seen` has what was followed already: references may form a circle in a file that Terraform did not write. */
function follow(root: Attributes, modules: readonly string[], reference: string, seen: Set<string>): string[] {
  const place = [...modules, reference].join(' ');
  if (seen.has(place)) return [];
  seen.add(place);
  const [first = '', second = '', third = ''] = withoutIndexes(reference).split('.');
  const module = openModule(root, modules);
  if (first === 'var') {
    const parent = modules.slice(0, -1);
    const expressions = callOf(openModule(root, parent), modules.at(-1) ?? '')?.['expressions'];
    const given = isRecord(expressions) ? expressions[second] : undefined;
    return collectReferences(given).flatMap((each) => follow(root, parent, each, seen));
  }
  if (first === 'module') {
    const called = callOf(module, second)?.['module'];
    const outputs = isRecord(called) ? called['outputs'] : undefined;
    const output = isRecord(outputs) ? outputs[third] : undefined;
    return collectReferences(isRecord(output) ? output['expression'] : undefined).flatMap((each) =>
      follow(root, [...modules, second], each, seen),
    );
  }
  const named = first === 'data' ? [first, second, third] : [first, second];
  return named.includes('') ? [] : [[...modules.flatMap((name) => ['module', name]), ...named].join('.')];
}
