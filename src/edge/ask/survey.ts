import { formatHealthRecord, okRecord, parseHealthRecord, weightAt } from '../../../kvs/health-record.ts';
import { type CountryCode, everyCountry, formatCountryCount } from '../../config/countries.ts';
import type { EdgeConfig } from '../../config/edge-config.ts';
import { orderFor } from '../../config/routing-schema.ts';
import {
  type AddressSlice,
  listAddresses,
  listCountries,
  orderedOf,
  type Routing,
  routingOf,
  type SamplePath,
  samplePaths,
} from '../../config/services.ts';
import { buildFunction } from '../build.ts';
import { hasTeamCode } from '../team-code.ts';
import { type Asked, askFunction, ownOrigin, type RouteDecision, someIp } from './ask.ts';

/** A state of the store, and the methods that are tried in it. */
export interface Situation {
  title: string;
  record: string;
  methods: readonly string[];
  /** Default `/`. */
  path?: string;
  /** Further headers of the request, by name in lower case. */
  headers?: Readonly<Record<string, string>>;
}

/** The viewers that a survey asks for. Absent: every country, by one address. */
export interface SurveyViewers {
  countries: readonly CountryCode[];
  addresses: readonly AddressSlice[];
}

const everyViewer: SurveyViewers = { countries: everyCountry, addresses: [{ percent: 100, ip: someIp }] };

/** The viewers that a survey of this configuration must ask for to leave none out. */
export function listViewers(config: Parameters<typeof listCountries>[0]): SurveyViewers {
  return { countries: listCountries(config), addresses: listAddresses(config, someIp) };
}

/** What a function decides for one kind of request. */
export interface SurveyAnswer {
  situation: Situation;
  method: string;
  country: CountryCode;
  address: AddressSlice;
  decision: RouteDecision;
}

// GET represents the methods that a per-request group serves, POST those that it does not.
const bothKinds = ['GET', 'POST'];

const wholeSite: readonly SamplePath[] = [{ path: '/', service: undefined }];

/**
 * All origins healthy, each one down alone, and all down: a route also says where viewers go then. All of them for each
 * path.
 */
export function listSituations(origins: readonly string[], paths = wholeSite): Situation[] {
  const at0 = (down: readonly string[]) => formatHealthRecord(down.map((origin) => ({ origin, weight: 0 })));
  const situations = [
    { title: 'every origin healthy', record: okRecord, methods: bothKinds },
    ...origins.map((origin) => ({ title: `${origin} down`, record: at0([origin]), methods: ['GET'] })),
    ...(origins.length > 1 ? [{ title: 'every origin down', record: at0(origins), methods: ['GET'] }] : []),
  ];
  if (paths.length === 1 && paths[0]?.service === undefined) return situations;
  return paths.flatMap(({ path, service }) => {
    const name = service === undefined ? `${path}, a path of no service` : `${path} of ${service}`;
    return situations.map((situation) => ({ ...situation, title: `${name}, ${situation.title}`, path }));
  });
}

/** Runs a function for every country in every situation; answers are in the same order for any function. */
export async function surveyFunction(
  asked: Asked,
  situations: readonly Situation[],
  { countries, addresses }: SurveyViewers = everyViewer,
): Promise<SurveyAnswer[]> {
  const cases = situations.flatMap((situation) =>
    situation.methods.flatMap((method) =>
      countries.flatMap((country) => addresses.map((address) => ({ situation, method, country, address }))),
    ),
  );
  const decisions = await askFunction(
    asked,
    cases.map(({ situation, method, country, address }) => ({
      viewer: { country, method, ip: address.ip, uri: situation.path ?? '/', ...(situation.headers && { headers: situation.headers }) },
      record: situation.record,
    })),
  );
  return cases.map((each, index) => ({ ...each, decision: decisions[index] as RouteDecision }));
}

/** Countries that two functions treat differently in the same way. */
export interface RoutingChange {
  countries: CountryCode[];
  /** Of the viewers of each; absent for all of them. */
  percent?: number;
  /** By method, only those that differ. */
  methods: { method: string; before: string; after: string }[];
}

export interface Comparison {
  situation: Situation;
  /** The most countries first; empty when the functions decide alike. */
  changes: RoutingChange[];
}

/**
 * Where two functions differ, situation by situation. What they rewrite counts for countries that go the same way in
 * every situation: for the others it follows from the way they go. Both surveys must have asked the same.
 */
export function compareSurveys(before: readonly SurveyAnswer[], after: readonly SurveyAnswer[]): Comparison[] {
  const pairs = after.flatMap((answer, index) => {
    const old = before[index];
    return old === undefined ? [] : [{ old, answer, isRerouted: old.decision.route !== answer.decision.route }];
  });
  const keyOf = ({ country, address, situation }: SurveyAnswer) => `${country} ${address.ip} ${situation.path}`;
  const rerouted = new Set(pairs.filter(({ isRerouted }) => isRerouted).map(({ answer }) => keyOf(answer)));
  const situations = new Map<Situation, Map<string, ViewerChange>>();
  for (const { old, answer, isRerouted } of pairs) {
    const { situation, method, country, address } = answer;
    const viewers = situations.get(situation) ?? new Map<string, ViewerChange>();
    situations.set(situation, viewers);
    const difference = isRerouted
      ? { before: old.decision.route, after: answer.decision.route }
      : rerouted.has(keyOf(answer))
        ? undefined
        : compareRewrites(old, answer);
    if (difference === undefined) continue;
    const viewer = viewers.get(keyOf(answer)) ?? { country, percent: address.percent, methods: [] };
    viewers.set(keyOf(answer), viewer);
    viewer.methods.push({ method, ...difference });
  }
  return [...situations].map(([situation, viewers]) => ({ situation, changes: groupViewers([...viewers.values()]) }));
}

/** One country's viewers of one address. */
interface ViewerChange {
  country: CountryCode;
  percent: number;
  methods: RoutingChange['methods'];
}

function groupViewers(viewers: readonly ViewerChange[]): RoutingChange[] {
  const perCountry = new Map<string, ViewerChange>();
  for (const viewer of viewers) {
    const key = JSON.stringify([viewer.country, viewer.methods]);
    perCountry.set(key, { ...viewer, percent: viewer.percent + (perCountry.get(key)?.percent ?? 0) });
  }
  const groups = new Map<string, RoutingChange>();
  for (const { country, percent, methods } of perCountry.values()) {
    const key = JSON.stringify([percent, methods]);
    const group = groups.get(key) ?? { countries: [], ...(percent < 100 && { percent }), methods };
    groups.set(key, group);
    group.countries.push(country);
  }
  return [...groups.values()].sort((a, b) => b.countries.length - a.countries.length);
}

function compareRewrites(before: SurveyAnswer, after: SurveyAnswer): { before: string; after: string } | undefined {
  const [had, has] = [listRewrites(before), listRewrites(after)];
  return had === has ? undefined : { before: had, after: has };
}

/** Without the country's own code, so that countries that differ only by it form one group. */
function listRewrites({ country, decision }: SurveyAnswer): string {
  const text = decision.rewrites.join('; ') || 'nothing rewritten';
  return country === undefined ? text : text.replace(new RegExp(`\\b${country}\\b`, 'g'), '<country>');
}

type Routes = Pick<EdgeConfig, 'routes' | 'defaultOrder' | 'defaultSlices' | 'services' | 'perRequestFailover' | 'before' | 'after'>;

/**
 * Every answer in which the function does not do what edge.config.ts says, one line per kind. Weights are 0 or 100 in
 * every situation of a survey. Where the team's own code is in the function, it may answer any request itself.
 */
export function checkRouting(answers: readonly SurveyAnswer[], config: Routes): string[] {
  const found = new Map<string, CountryCode[]>();
  for (const { situation, method, country, address, decision } of answers) {
    if (decision.answered !== undefined && hasTeamCode(config)) continue;
    const routing = routingOf(config, situation.path ?? '/');
    const expected =
      routing === undefined
        ? ownOrigin
        : expectOrigins(config, routing, { country, ip: address.ip, method, record: situation.record }).join(', then ');
    if (decision.route === expected) continue;
    const problem = `${situation.title}, ${method}: edge.config.ts says ${expected}, the function ${decision.failed ? '' : 'chooses '}${decision.route}`;
    found.set(problem, [...new Set([...(found.get(problem) ?? []), country])]);
  }
  return [...found].map(([problem, countries]) => `${formatCountryCount(countries)}: ${problem}`);
}

/** Whether a function routes as edge.config.ts says. */
export interface RoutingProof {
  answers: SurveyAnswer[];
  /** One line for each kind of request that goes elsewhere. */
  problems: string[];
  /** Requests that the team's own code answered. */
  answered: number;
}

/** What a browser sends, for code that reads it: the router reads none of it. */
const browserHeaders = {
  'user-agent': 'Mozilla/5.0',
  accept: 'text/html,*/*;q=0.8',
  'accept-encoding': 'gzip, br',
  'accept-language': 'en',
};

/** Every situation of a configuration, for each of its services. */
export function listAllSituations(config: Routes & Pick<EdgeConfig, 'origins'>): Situation[] {
  const situations = listSituations(Object.keys(config.origins), samplePaths(config));
  return hasTeamCode(config) ? situations.map((situation) => ({ ...situation, headers: browserHeaders })) : situations;
}

/**
 * Runs a function of the working tree for every country in every situation. A request that the team's own code answers
 * proves nothing about routing: the router alone is then asked the same.
 */
export async function proveRouting(asked: Asked, config: EdgeConfig): Promise<RoutingProof> {
  const situations = listAllSituations(config);
  const viewers = listViewers(config);
  const answers = await surveyFunction(asked, situations, viewers);
  const problems = checkRouting(answers, config);
  const answered = answers.filter(({ decision }) => decision.answered !== undefined).length;
  if (answered === 0 || problems.length > 0) return { answers, problems, answered };
  const router = { ...config, before: undefined, after: undefined };
  const alone = await surveyFunction({ ...asked, source: await buildFunction(router) }, situations, viewers);
  return { answers, problems: checkRouting(alone, router), answered };
}

function expectOrigins(
  config: Routes,
  routing: Routing,
  { country, ip, method, record }: { country: CountryCode; ip: string; method: string; record: string },
): readonly string[] {
  const order = orderFor(orderedOf(routing, country), ip);
  const entries = parseHealthRecord(record) ?? [];
  const up = order.filter((origin) => weightAt(entries, origin, 0) > 0);
  const kept = up.length === 0 ? order : up;
  return kept.slice(0, config.perRequestFailover && method === 'GET' ? 2 : 1);
}
