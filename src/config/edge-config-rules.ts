import type { z } from 'zod';
import { maxKeyBytes, maxStoreBytes, maxValueBytes } from '../../kvs/limits.ts';
import { isReservedKey, outside, ownKey } from '../../kvs/reserved-keys.ts';
import { maxReportedSignals } from '../core/reports.ts';
import { isRecord } from '../text/is-record.ts';
import { nearestName } from '../text/nearest-name.ts';
import { expandTerritories } from './countries.ts';
import { coversPattern, isSameBehavior } from './path-pattern.ts';
import { findOrderProblems, type WrittenOrder, type WrittenRoute, type WrittenService } from './routing-schema.ts';

// Rules of edge.config.ts that need more than one field, each checked on the smallest part that has them: then a
// mistake elsewhere hides none.

const originIdText = /^[a-z][a-z0-9-]{0,62}$/;
const originIdRule = 'an origin id is 1 to 63 of a-z, 0-9 and "-", starting with a letter';

/**
 * Different orders of origins, the default order among them: one digit of the edge's table names the order of a country
 * (src/edge/routes-module.ts).
 */
const maxOrders = 10;

type Problems = z.RefinementCtx;

function add(problems: Problems, path: (string | number)[], message: string): void {
  problems.addIssue({ code: 'custom', path, message });
}

export function checkIds(origins: Record<string, { originId?: string | undefined }>, problems: Problems): void {
  const ids = Object.keys(origins);
  if (ids.length === 0) add(problems, [], 'at least one origin is needed, found none');
  for (const id of ids) {
    if (!originIdText.test(id)) add(problems, [id], `${originIdRule}, found "${id}"`);
    if (id in {})
      add(problems, [id], `every object of JavaScript has a "${id}", so the edge cannot find its weight; choose another origin id`);
  }
  const owners = new Map<string, string>();
  for (const [alias, { originId = alias }] of Object.entries(origins)) {
    const owner = owners.get(originId);
    if (owner !== undefined) add(problems, [alias, 'originId'], `origin id "${originId}" already belongs to ${owner}`);
    else owners.set(originId, alias);
  }
}

/** The form of a region of AWS, such as eu-central-1. */
export const awsRegionText = /^[a-z]{2}(-[a-z]+)+-\d$/;

type Located = Record<string, { region: string; signals: { type: string; region?: string | undefined }[] }>;

/** An alarm needs a region of AWS, and an origin elsewhere has none to give. */
export function checkRegions(origins: Located, problems: Problems): void {
  for (const [alias, { region, signals }] of Object.entries(origins))
    for (const [index, signal] of signals.entries()) {
      if (signal.type !== 'alarm' || signal.region !== undefined || awsRegionText.test(region)) continue;
      const message = `must be given: "${region}", the region of ${alias}, is not an AWS region`;
      add(problems, [alias, 'signals', index, 'region'], message);
    }
}

type Reported = Record<string, { signals: { type: string; source?: string | undefined }[] }>;

/** One opinion for each source and origin, and all of them in one value of the store. */
export function checkReported(origins: Reported, problems: Problems): void {
  let count = 0;
  for (const [alias, { signals }] of Object.entries(origins)) {
    const sources = signals.map(({ type, source }) => (type === 'reported' ? source : undefined));
    for (const [index, source] of sources.entries()) {
      if (source === undefined) continue;
      count += 1;
      if (sources.indexOf(source) !== index) add(problems, [alias, 'signals', index, 'source'], `"${source}" reports ${alias} already`);
    }
  }
  if (count > maxReportedSignals)
    add(problems, [], `at most ${maxReportedSignals} signals of type reported in all, since one value holds them, found ${count}`);
}

export function checkKeys(keys: Record<string, string>, problems: Problems): void {
  for (const { key, problem } of findKeyProblems(keys)) add(problems, key === undefined ? [] : [key], problem);
}

/** A declared key must not be one of the package's own below the prefix. */
export function checkPrefixedKeys(
  { keys, keyPrefix }: { keys: Record<string, string>; keyPrefix?: string | undefined },
  problems: Problems,
): void {
  for (const key of Object.keys(keys))
    if (!isReservedKey(key) && (isReservedKey(ownKey(key, keyPrefix)) || (keyPrefix !== undefined && key.startsWith(outside))))
      add(problems, ['keys', key], 'this key is written by the tools themselves');
}

export function checkHealth(
  health: Record<'fastIntervalMs' | 'intervalMs' | 'connectTimeoutMs' | 'timeoutMs', number> & {
    failureRate: Record<'windowMs' | 'minimum', number>;
  },
  problems: Problems,
): void {
  const { windowMs, minimum } = health.failureRate;
  if (windowMs < minimum * health.fastIntervalMs)
    add(
      problems,
      ['failureRate', 'windowMs'],
      `must be at least minimum (${minimum}) times fastIntervalMs (${health.fastIntervalMs}), so that the window holds enough probes for a rate, found ${windowMs}`,
    );
  if (health.fastIntervalMs > health.intervalMs)
    add(problems, ['fastIntervalMs'], `must not exceed intervalMs (${health.intervalMs}), found ${health.fastIntervalMs}`);
  if (health.connectTimeoutMs > health.timeoutMs)
    add(problems, ['connectTimeoutMs'], `must not exceed timeoutMs (${health.timeoutMs}), found ${health.connectTimeoutMs}`);
}

export function checkFailover(failover: { ramp: number[]; holdDownMs: number; maxHoldDownMs: number }, problems: Problems): void {
  const { ramp, holdDownMs, maxHoldDownMs } = failover;
  if (maxHoldDownMs < holdDownMs) add(problems, ['maxHoldDownMs'], `must be at least holdDownMs (${holdDownMs}), found ${maxHoldDownMs}`);
  if (ramp.at(-1) !== 100) add(problems, ['ramp'], `must end at 100, found ${JSON.stringify(ramp)}`);
  if (ramp.some((weight, index) => index > 0 && weight <= (ramp[index - 1] ?? 0)))
    add(problems, ['ramp'], `must rise at every step, found ${JSON.stringify(ramp)}`);
}

type Path = (string | number)[];
type Routes = WrittenRoute[];

interface Routing {
  origins: Record<string, unknown>;
  defaultOrder?: WrittenOrder | undefined;
  routes?: Routes | undefined;
  services?: WrittenService[] | undefined;
}

/** Both headers on one request would mean two things. */
export function checkTester(
  { tester, retryHeader }: { tester?: { header?: string | undefined } | undefined; retryHeader?: string | undefined },
  problems: Problems,
): void {
  if (tester?.header !== undefined && tester.header === retryHeader)
    add(problems, ['tester', 'header'], `"${retryHeader}" is the retryHeader already`);
}

export function checkServices(config: Routing, problems: Problems): void {
  const { origins, defaultOrder, routes = [], services } = config;
  if (services === undefined) {
    if (defaultOrder === undefined) add(problems, ['defaultOrder'], 'Invalid input: expected array, received undefined');
    checkRoutes(origins, { path: ['defaultOrder'], order: defaultOrder ?? [] }, { path: ['routes'], routes }, problems);
    countOrders([...(defaultOrder === undefined ? [] : [defaultOrder]), ...routes.map(({ order }) => order)], 'routes', problems);
    return;
  }
  if (defaultOrder !== undefined || config.routes !== undefined)
    add(problems, ['services'], 'each service has its own order and routes: remove the top-level defaultOrder and routes');
  for (const [index, { order, routes: own }] of services.entries()) {
    const path = ['services', index];
    checkRoutes(origins, { path: [...path, 'order'], order }, { path: [...path, 'routes'], routes: own }, problems);
  }
  checkPaths(services, problems);
  countOrders(
    services.flatMap(({ order, routes: own }) => [order, ...own.map((route) => route.order)]),
    'services',
    problems,
  );
}

function checkRoutes(
  origins: Record<string, unknown>,
  base: { path: Path; order: WrittenOrder },
  own: { path: Path; routes: Routes },
  problems: Problems,
): void {
  const known = Object.keys(origins);
  const checkOrder = (order: WrittenOrder, path: Path) => {
    for (const { place, message } of findOrderProblems(order, known)) add(problems, [...path, ...place], message);
  };
  checkOrder(base.order, base.path);
  for (const [index, { order }] of own.routes.entries()) checkOrder(order, [...own.path, index, 'order']);
  for (const { route, place, message } of expandTerritories(own.routes).problems)
    add(problems, [...own.path, route, 'countries', ...(place === undefined ? [] : [place])], message);
}

function checkPaths(services: readonly { name: string; paths: string[] }[], problems: Problems): void {
  const names = services.map(({ name }) => name);
  const earlier: { pattern: string; name: string }[] = [];
  for (const [index, { name, paths }] of services.entries()) {
    if (names.indexOf(name) !== index) add(problems, ['services', index, 'name'], `service "${name}" is defined twice`);
    const covers = paths.map((path) => earlier.find(({ pattern }) => coversPattern(pattern, path)));
    const [first] = covers;
    if (first !== undefined && covers.every((cover) => cover !== undefined))
      add(problems, ['services', index, 'paths'], `no request reaches "${name}": "${first.pattern}" of "${first.name}" comes first`);
    earlier.push(...paths.map((pattern) => ({ pattern, name })));
  }
}

function countOrders(orders: readonly WrittenOrder[], field: string, problems: Problems): void {
  const different = new Set(orders.map((order) => JSON.stringify(order))).size;
  if (different > maxOrders)
    add(
      problems,
      [field],
      `at most ${maxOrders} different orders of origins, ${field === 'routes' ? 'defaultOrder among them' : 'those of all services together'}, found ${different}: give countries the same order`,
    );
}

/**
 * What chooses the project or runs the process was read before edge.config.ts: another value would hold for a part of
 * the command only.
 */
export function checkVariables(variables: Record<string, string>, problems: Problems): void {
  for (const name of Object.keys(variables))
    if (/^(EDGE_(ENV|FUNCTION_NAME|LOCAL_PORT|PROJECT|TARGET)|PATH|HOME|(NODE|NPM|LD|DYLD)_.*)$/.test(name))
      add(problems, [name], 'edge.config.ts cannot set this variable; set it where the command runs');
}

const storeArnText = /^arn:aws[a-z-]*:cloudfront::\d{12}:key-value-store\/[0-9a-f-]{36}$/;
const topicArnText = /^arn:aws[a-z-]*:sns:[a-z]{2}(-[a-z]+)+-\d:\d{12}:[\w-]{1,256}$/;

/** These become the `Resource` of IAM policies, where a `*` would allow more than the deployment needs. */
export function checkArns(
  { variables, notifications }: { variables: Record<string, string>; notifications: { type: string; topicArnFrom?: string }[] },
  problems: Problems,
): void {
  const store = variables['EDGE_KVS_ARN'];
  if (store !== undefined && !storeArnText.test(store))
    add(problems, ['variables', 'EDGE_KVS_ARN'], `must be the ARN of a KeyValueStore, found ${JSON.stringify(store)}`);
  for (const name of new Set(notifications.flatMap(({ topicArnFrom }) => topicArnFrom ?? []))) {
    const topic = variables[name];
    if (topic !== undefined && !topicArnText.test(topic))
      add(problems, ['variables', name], `must be the ARN of a standard topic, found ${JSON.stringify(topic)}`);
  }
}

interface Distributions {
  functionName: string;
  distributions?: { id: string; behaviors: string[]; replaces: Record<string, string> }[] | undefined;
  manage: string[];
}

export function checkDistributions({ functionName, distributions, manage }: Distributions, problems: Problems): void {
  if (distributions === undefined && manage.length > 0)
    add(problems, ['manage'], 'needs distributions: without them distribution.json says what changes');
  const ids = (distributions ?? []).map(({ id }) => id);
  for (const [index, { id, behaviors, replaces }] of (distributions ?? []).entries()) {
    const path = ['distributions', index];
    if (ids.indexOf(id) !== index) add(problems, [...path, 'id'], `distribution ${id} is listed twice`);
    for (const [place, name] of behaviors.entries())
      if (behaviors.findIndex((other) => isSameBehavior(name, other)) !== place)
        add(problems, [...path, 'behaviors', place], `behavior "${name}" is listed twice`);
    for (const [name, arn] of Object.entries(replaces)) {
      if (!behaviors.includes(name)) add(problems, [...path, 'replaces', name], `behaviors does not name "${name}"`);
      if (arn.endsWith(`:function/${functionName}`))
        add(problems, [...path, 'replaces', name], `${functionName} is the edge function itself: name the function that was there before`);
    }
  }
}

/** Paths of entries `__proto__`, which zod drops from a record without a word. */
export function findDroppedKeys(input: unknown): (string | number)[][] {
  if (!isRecord(input)) return [];
  const { distributions } = input;
  const records: [path: (string | number)[], value: unknown][] = [
    ...['keys', 'origins', 'variables'].map((name): [string[], unknown] => [[name], input[name]]),
    ...(Array.isArray(distributions) ? distributions : []).map((each, index): [(string | number)[], unknown] => [
      ['distributions', index, 'replaces'],
      isRecord(each) ? each['replaces'] : undefined,
    ]),
  ];
  return records.flatMap(([path, value]) => (isRecord(value) && Object.hasOwn(value, '__proto__') ? [[...path, '__proto__']] : []));
}

/** False for an issue that leaves a value of another type in one of these fields or in the whole. */
export function leavesTyped(...fields: string[]): (issue: z.core.$ZodRawIssue) => boolean {
  return ({ path = [], continue: isTyped }) => isTyped === true || !(path[0] === undefined || fields.includes(String(path[0])));
}

type Definition = Partial<Record<'in' | 'innerType' | 'element' | 'valueType', z.core.$ZodType>> & {
  options?: readonly z.core.$ZodType[];
  shape?: Readonly<Record<string, z.core.$ZodType>>;
};

/** ` (did you mean …?)` with a field that the schema has at this path, or nothing. */
export function suggestField(schema: z.core.$ZodType, path: readonly PropertyKey[], key: string): string {
  const near = nearestName(key, [...new Set(fieldsAt(schema, path))]);
  return near === undefined ? '' : ` (did you mean ${near}?)`;
}

function fieldsAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  const { options, shape, in: input, innerType, element, valueType } = schema._zod.def as unknown as Definition;
  const whole = input ?? innerType;
  if (whole !== undefined) return fieldsAt(whole, path);
  if (options !== undefined) return options.flatMap((option) => fieldsAt(option, path));
  const [first, ...rest] = path;
  if (first === undefined) return Object.keys(shape ?? {});
  const below = element ?? valueType ?? shape?.[String(first)];
  return below === undefined ? [] : fieldsAt(below, rest);
}

/** What is wrong with the keys a team declares, each with the key it is about; undefined for all of them together. */
export function findKeyProblems(keys: Readonly<Record<string, string>>): { key: string | undefined; problem: string }[] {
  const problems: { key: string | undefined; problem: string }[] = [];
  let total = 0;
  for (const [key, value] of Object.entries(keys)) {
    const [keyBytes, valueBytes] = [Buffer.byteLength(key), Buffer.byteLength(value)];
    total += keyBytes + valueBytes;
    const add = (problem: string) => problems.push({ key, problem });
    if (isReservedKey(key)) add('this key is written by the tools themselves (health, state, audit/, publish/, owned/)');
    if (!/^[^\s\p{C}]([^\p{C}]*[^\s\p{C}])?$/u.test(key)) add('a key is text without control characters and without spaces at its ends');
    if (keyBytes > maxKeyBytes) add(`a key has at most ${maxKeyBytes} bytes, found ${keyBytes}`);
    if (value === '') add('a value is at least one character: leave the key out to remove it');
    if (/\p{Surrogate}/u.test(value)) add('a value is Unicode text, found half a surrogate pair');
    if (valueBytes > maxValueBytes) add(`a value has at most ${maxValueBytes} bytes, found ${valueBytes}`);
  }
  if (total > maxStoreBytes) problems.push({ key: undefined, problem: `a store has at most ${maxStoreBytes} bytes, found ${total}` });
  return problems;
}
