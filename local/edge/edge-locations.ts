/** An edge location as functions and viewers are told of it. */
export interface EdgeLocation {
  /** The `x-amz-cf-pop` header. */
  pop: string;
  /** What `cf.edgeLocation` holds. */
  edgeLocation: { name: string; serverIp: string; region: string };
}

const places = [
  { name: 'SIN', region: 'ap-southeast-1' },
  { name: 'FRA', region: 'eu-central-1' },
  { name: 'IAD', region: 'us-east-1' },
  { name: 'BOM', region: 'ap-south-1' },
  { name: 'GRU', region: 'sa-east-1' },
  { name: 'NRT', region: 'ap-northeast-1' },
];

/** The first `count` of six places, repeated with another number when there are more; addresses are from the range kept for documentation. */
export function edgeLocations(count: number): EdgeLocation[] {
  return Array.from({ length: count }, (_, index) => {
    const place = places[index % places.length] as (typeof places)[number];
    return {
      pop: `${place.name}${50 + Math.floor(index / places.length)}-L1`,
      edgeLocation: { ...place, serverIp: `192.0.2.${(index % 254) + 1}` },
    };
  });
}
