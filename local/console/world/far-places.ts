/**
 * Countries by ISO's list which Natural Earth draws as part of another, or not at all at this scale: a point in the middle (degrees), and how far around it land is theirs.
 * Without land there the country is a dot.
 */
export const farPlaces: Readonly<Record<string, { longitude: number; latitude: number; reach: number }>> = {
  BQ: { longitude: -68.3, latitude: 12.2, reach: 0.5 },
  BV: { longitude: 3.4, latitude: -54.4, reach: 0.5 },
  CC: { longitude: 96.9, latitude: -12.2, reach: 1 },
  CX: { longitude: 105.6, latitude: -10.5, reach: 1 },
  GF: { longitude: -53.1, latitude: 3.9, reach: 3 },
  GI: { longitude: -5.35, latitude: 36.14, reach: 0.05 },
  GP: { longitude: -61.5, latitude: 16.2, reach: 0.5 },
  MQ: { longitude: -61, latitude: 14.65, reach: 0.4 },
  RE: { longitude: 55.5, latitude: -21.1, reach: 1 },
  SJ: { longitude: 19, latitude: 78.5, reach: 14 },
  TK: { longitude: -171.8, latitude: -9.2, reach: 1 },
  TV: { longitude: 179.2, latitude: -8.5, reach: 1 },
  UM: { longitude: 166.6, latitude: 19.3, reach: 0.5 },
  YT: { longitude: 45.15, latitude: -12.8, reach: 0.4 },
};
