// ISO 3166-1 alpha-2, the officially assigned codes.
const codes = `
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN
CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM
HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK
ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW
SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI
VN VU WF WS YE YT ZA ZM ZW`;

/** All 249 countries that CloudFront may name in `cloudfront-viewer-country`, by code. Codes outside the standard, such as XK, take the default order unless configured. */
const isoCountries: readonly string[] = codes.trim().split(/\s+/);

const known: ReadonlySet<string> = new Set(isoCountries);

/** Whether a text is one of the codes, in upper case. */
export function isIsoCountry(code: string): boolean {
  return known.has(code);
}

/** A country's code, or undefined for viewers of whom CloudFront names none. */
export type CountryCode = string | undefined;

/** All countries, and viewers without one. */
export const everyCountry: readonly CountryCode[] = [undefined, ...isoCountries];

/** `12 countries`, `IN`, `viewers of unknown country and 237 countries`. */
export function formatCountryCount(countries: readonly CountryCode[]): string {
  const named = countries.filter((country) => country !== undefined);
  const some = named.length === 1 ? (named[0] ?? '') : `${named.length} countries`;
  if (named.length === countries.length) return some;
  return named.length === 0 ? 'viewers of no known country' : `${some} and viewers of no known country`;
}
