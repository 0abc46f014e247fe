// A rough reading of User-Agent: CloudFront's own is not published.
const devices: Record<string, (agent: string) => boolean> = {
  'cloudfront-is-android-viewer': (agent) => agent.includes('Android'),
  'cloudfront-is-ios-viewer': (agent) => /iPhone|iPad|iPod/.test(agent),
  'cloudfront-is-mobile-viewer': (agent) => /Mobile|iPhone/.test(agent),
  'cloudfront-is-tablet-viewer': (agent) => /iPad|Tablet/.test(agent),
  'cloudfront-is-smarttv-viewer': (agent) => /SmartTV|SMART-TV|AppleTV/.test(agent),
  'cloudfront-is-desktop-viewer': (agent) => !/Mobile|iPhone|iPad|iPod|Android|Tablet|TV/.test(agent),
};

const known = new Map<string, Readonly<Record<string, string>>>();
const maxKnown = 1_000;

/** CloudFront's device headers for a User-Agent; remembered, since viewers send the same few again and again. */
export function deviceHeaders(agent: string): Readonly<Record<string, string>> {
  const before = known.get(agent);
  if (before !== undefined) return before;
  const headers = Object.fromEntries(Object.entries(devices).map(([name, test]) => [name, String(test(agent))]));
  if (known.size >= maxKnown) known.clear();
  known.set(agent, headers);
  return headers;
}
