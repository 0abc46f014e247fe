// The country of CloudFront's edge locations, by the airport code at the start of their names: AWS names them after the
// nearest international airport. A location without an entry has no known country.
const airports: Readonly<Record<string, string>> = {
  AE: 'DXB FJR AUH',
  AR: 'EZE',
  AT: 'VIE',
  AU: 'SYD MEL BNE PER ADL',
  BE: 'BRU',
  BG: 'SOF',
  BH: 'BAH',
  BR: 'GRU GIG RIO FOR BSB CWB POA REC VCP',
  CA: 'YUL YTO YYZ YVR YYC YOW',
  CH: 'ZRH GVA',
  CL: 'SCL',
  CN: 'PEK BJS PVG SHA SZX ZHY CTU',
  CO: 'BOG',
  CZ: 'PRG',
  DE: 'FRA BER TXL DUS HAM MUC',
  DK: 'CPH',
  EG: 'CAI',
  ES: 'MAD BCN',
  FI: 'HEL',
  FR: 'CDG PAR MRS',
  GB: 'LHR LON MAN',
  GR: 'ATH',
  HK: 'HKG',
  HR: 'ZAG',
  HU: 'BUD',
  ID: 'CGK JKT',
  IE: 'DUB',
  IL: 'TLV',
  IN: 'BLR BOM CCU DEL HYD HYB MAA PNQ AMD',
  IT: 'MXP MIL FCO ROM PMO',
  JP: 'NRT HND TYO KIX OSA FUK',
  KE: 'NBO',
  KR: 'ICN SEL',
  MA: 'CMN',
  MX: 'QRO MEX',
  MY: 'KUL',
  NG: 'LOS',
  NL: 'AMS',
  NO: 'OSL',
  NZ: 'AKL',
  OM: 'MCT',
  PE: 'LIM',
  PH: 'MNL',
  PL: 'WAW',
  PT: 'LIS',
  QA: 'DOH',
  RO: 'OTP BUH',
  SA: 'JED RUH',
  SE: 'ARN STO',
  SG: 'SIN',
  TH: 'BKK',
  TR: 'IST',
  TW: 'TPE',
  US: 'ATL BNA BOS CLE CLT CMH DEN DFW DTW EWR HIO HNL IAD IAH IND JAX JFK LAS LAX MCI MIA MCO MSP NYC ORD PDX PHL PHX PIT RDU SAN SEA SFO SLC STL TPA TUS',
  VN: 'HAN SGN',
  ZA: 'CPT JNB',
};

const countries = new Map(Object.entries(airports).flatMap(([country, codes]) => codes.split(' ').map((code) => [code, country])));

/**
 * The country of an edge location such as `SIN2-P1`; undefined when unknown. Most of its viewers are there, not all.
 */
export function findLocationCountry(location: string): string | undefined {
  return countries.get(location.slice(0, 3));
}
