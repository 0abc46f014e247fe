import subdivisionData from 'cldr-core/supplemental/subdivisionContainment.json' with { type: 'json' };
import territoryData from 'cldr-core/supplemental/territoryContainment.json' with { type: 'json' };

// ISO 3166-1 alpha-2, the officially assigned codes.
const codes = `
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN
CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM
HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK
ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW
SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI
VN VU WF WS YE YT ZA ZM ZW`;

/**
 * All 249 countries that CloudFront may name in `cloudfront-viewer-country`, by code. Codes outside the standard, such
 * as XK, take the default order unless configured.
 */
const isoCountries: readonly string[] = codes.trim().split(/\s+/);

const known: ReadonlySet<string> = new Set(isoCountries);

/** Whether a text is one of the codes, in upper case. */
export function isIsoCountry(code: string): boolean {
  return known.has(code);
}

/**
 * A country's code, with that of a subdivision behind it where a route names one, such as `US-CA`; undefined for
 * viewers without a country.
 */
export type CountryCode = string | undefined;

/** All countries, and viewers without one. */
export const everyCountry: readonly CountryCode[] = [undefined, ...isoCountries];

/** `US-CA` as CloudFront sends it in two headers, and `US` in one. */
export function splitCountry(country: CountryCode): { code: CountryCode; region: string | undefined } {
  const [, code = country, region] = /^([A-Z]{2})-([A-Z\d]{1,3})$/.exec(country ?? '') ?? [];
  return { code, region };
}

/** `12 countries`, `IN`, `viewers of unknown country and 237 countries`. */
export function formatCountryCount(countries: readonly CountryCode[]): string {
  const named = countries.filter((country) => country !== undefined);
  const some = named.length === 1 ? (named[0] ?? '') : `${named.length} countries`;
  if (named.length === countries.length) return some;
  return named.length === 0 ? 'viewers of no known country' : `${some} and viewers of no known country`;
}

// What `countries` of a route may name, expanded from Unicode's CLDR: docs/decisions/016-country-groups.md.

type Containment = Readonly<Record<string, { _contains: readonly string[] } | undefined>>;

const containment: Containment = territoryData.supplemental.territoryContainment;
const subdivisions: Containment = subdivisionData.supplemental.subdivisionContainment;

/** CloudFront names Kosovo so, which has no code in the standard. */
const kosovo = 'XK';

const eu = countriesIn('EU');

/** From the smaller to the larger kind: a smaller one has its own route inside a larger one of another route. */
const namedKinds = ['group', 'region', 'continent'] as const;
const kinds = ['subdivision', 'country', ...namedKinds] as const;
type Kind = (typeof kinds)[number];

const named: Readonly<Record<(typeof namedKinds)[number], Readonly<Record<string, readonly string[]>>>> = {
  group: {
    EU: eu,
    // The European Economic Area: its agreement names these three beside the EU's members.
    EEA: [...eu, 'IS', 'LI', 'NO'],
    Eurozone: countriesIn('EZ'),
    'Latin America': countriesIn('419'),
  },
  // The subregions of the United Nations' standard M49.
  region: {
    'Northern Africa': countriesIn('015'),
    'Western Africa': countriesIn('011'),
    'Middle Africa': countriesIn('017'),
    'Eastern Africa': countriesIn('014'),
    'Southern Africa': countriesIn('018'),
    'Northern America': countriesIn('021'),
    'Central America': countriesIn('013'),
    Caribbean: countriesIn('029'),
    'Central Asia': countriesIn('143'),
    'Eastern Asia': countriesIn('030'),
    'South-Eastern Asia': countriesIn('035'),
    'Southern Asia': countriesIn('034'),
    'Western Asia': countriesIn('145'),
    'Northern Europe': countriesIn('154'),
    'Eastern Europe': countriesIn('151'),
    'Southern Europe': countriesIn('039'),
    'Western Europe': countriesIn('155'),
  },
  continent: {
    Africa: countriesIn('002'),
    Asia: countriesIn('142'),
    Europe: countriesIn('150'),
    'North America': countriesIn('003'),
    Oceania: countriesIn('009'),
    'South America': countriesIn('005'),
  },
};

/** Codes that some tools use for a continent and ISO 3166-1 for a country. */
const continentCodes: Readonly<Record<string, string>> = {
  AF: 'Africa',
  AN: 'Antarctica',
  AS: 'Asia',
  NA: 'North America',
  OC: 'Oceania',
  SA: 'South America',
};

/** Codes that people write for a country that has another one. */
const otherCodes: Readonly<Record<string, string>> = { EL: 'GR', UK: 'GB' };

/** One name of `countries`: the codes that it means, such as `IN` or `US-CA`. */
interface Territory {
  kind: Kind;
  codes: readonly string[];
}

/** The territory of a name, or the problem with the name as a text. */
function readTerritory(name: string): Territory | string {
  // Exactly this value of CloudFront-Viewer-Country, also one that is not in the standard.
  const [, exact] = /^country:([A-Z]{2})$/.exec(name) ?? [];
  if (exact !== undefined) return { kind: 'country', codes: [exact] };
  const continent = continentCodes[name];
  if (continent !== undefined && isIsoCountry(name))
    return `"${name}" is ${nameOf(name)} in ISO 3166-1, and ${continent} in other tools: write "country:${name}" or "${continent}"`;
  if (isCountry(name)) return { kind: 'country', codes: [name] };
  for (const kind of namedKinds) {
    const codes = Object.hasOwn(named[kind], name) ? named[kind][name] : undefined;
    if (codes !== undefined) return { kind, codes };
  }
  const [, country = '', part = ''] = /^([A-Z]{2})-([A-Z\d]{1,3})$/.exec(name) ?? [];
  if (!isIsoCountry(country)) return `"${name}" is neither a country nor a subdivision or group of countries: ${suggest(name)}`;
  const parts = listSubdivisions(country);
  if (parts.includes(part)) return { kind: 'subdivision', codes: [name] };
  const some = `${parts.slice(0, 5).join(', ')}${parts.length > 5 ? ` and ${parts.length - 5} more` : ''}`;
  return `${nameOf(country)} has no subdivision "${part}" in ISO 3166-2: it has ${some || 'none'}`;
}

/** Why no viewer has this code, such as EU or US-ZZ; undefined for a country or a subdivision. */
export function refuseViewerCountry(code: string): string | undefined {
  if (isCountry(code)) return undefined;
  const territory = readTerritory(code);
  if (typeof territory === 'string') return territory;
  if (territory.kind === 'subdivision') return undefined;
  return `"${code}" is a group of ${territory.codes.length} countries, and a viewer is in one: name one, such as ${territory.codes[0]}`;
}

function suggest(name: string): string {
  const plain = (text: string) => text.toUpperCase().replace(/[^A-Z]/g, '');
  const names = namedKinds.flatMap((kind) => Object.keys(named[kind]));
  const upper = name.toUpperCase();
  const meant =
    otherCodes[upper] ??
    continentCodes[upper] ??
    names.find((each) => plain(each) === plain(name)) ??
    (isCountry(upper) ? upper : undefined);
  return meant === undefined
    ? 'names are ISO 3166-1 codes such as IN, ISO 3166-2 codes such as US-CA, and groups such as EU, Western Asia and Africa'
    : `write "${meant}"`;
}

interface NamedRoute {
  countries: readonly string[];
}

interface TerritoryProblem {
  /** The route, and the name in its `countries`; undefined for all of them. */
  route: number;
  place?: number;
  message: string;
}

/**
 * The codes of each route. A code that several routes name belongs to the one that names it by the smallest kind: `DE`
 * counts more than `EU`, and `US-CA` counts more than `US`. Two names of one kind in two routes are a problem.
 */
export function expandTerritories(routes: readonly NamedRoute[]): { countries: string[][]; problems: TerritoryProblem[] } {
  const problems: TerritoryProblem[] = [];
  const owners = new Map<string, { kind: Kind; route: number; name: string }>();
  for (const [route, { countries }] of routes.entries()) {
    for (const [place, name] of countries.entries()) {
      const territory = readTerritory(name);
      if (typeof territory === 'string') {
        problems.push({ route, place, message: territory });
        continue;
      }
      const { kind, codes } = territory;
      const shared = codes.filter((code) => {
        const owner = owners.get(code);
        if (owner?.kind === kind) return owner.route !== route || kind === 'country' || kind === 'subdivision';
        if (owner === undefined || kinds.indexOf(owner.kind) > kinds.indexOf(kind)) owners.set(code, { kind, route, name });
        return false;
      });
      const first = owners.get(shared[0] ?? '');
      if (first !== undefined) problems.push({ route, place, message: describeOverlap(name, shared, first) });
    }
  }
  const countries = routes.map((_, route) => [...owners].filter(([, owner]) => owner.route === route).map(([code]) => code));
  for (const [route, codes] of countries.entries())
    if (codes.length === 0 && problems.length === 0 && routes[route]?.countries.length !== 0)
      problems.push({ route, message: 'other routes name each of these countries by a smaller group' });
  return { countries, problems };
}

function describeOverlap(name: string, shared: readonly string[], first: { route: number; name: string }): string {
  if (first.name === name) return `${name} already has a route, routes[${first.route}]`;
  const some = `${shared.slice(0, 3).join(', ')}${shared.length > 3 ? ` and ${shared.length - 3} more` : ''}`;
  return `"${name}" and "${first.name}" of routes[${first.route}] both have ${some}: name these countries in one of the two routes`;
}

function isCountry(code: string): boolean {
  return code === kosovo || isIsoCountry(code);
}

/** `Afghanistan`. */
function nameOf(country: string): string {
  return new Intl.DisplayNames('en', { type: 'region' }).of(country) ?? country;
}

/** The second half of each ISO 3166-2 code of a country. CLDR writes `usca` for US-CA. */
function listSubdivisions(country: string): string[] {
  const below = (code: string): string[] => (subdivisions[code]?._contains ?? []).flatMap((part) => [part, ...below(part)]);
  return below(country).map((code) => code.slice(2).toUpperCase());
}

/** The countries within a territory of CLDR, without the codes that CLDR has beside the standard. */
function countriesIn(code: string): string[] {
  const parts = containment[code]?._contains;
  if (parts === undefined) return isCountry(code) ? [code] : [];
  return parts.flatMap(countriesIn);
}
