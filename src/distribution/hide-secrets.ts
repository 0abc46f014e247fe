const hidden = '(hidden)';

/** Headers to origins that are no secret: plans name the region, and a wrong one must show. */
const openHeaders = ['x-region'];

/** The value as it may be printed: CloudFront's custom headers carry what proves to an origin that CloudFront asks, and plans end up in CI logs. */
export function hideSecrets(value: unknown, path: string): unknown {
  const header = /\.CustomHeaders\[([^\]]*)\]\.HeaderValue$/.exec(path)?.[1];
  if (header !== undefined) return value === undefined || openHeaders.includes(header) ? value : hidden;
  return hideInside(value);
}

function hideInside(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hideInside);
  if (value === null || typeof value !== 'object') return value;
  const fields = value as Record<string, unknown>;
  const isSecret = 'HeaderValue' in fields && !openHeaders.includes(String(fields['HeaderName']).toLowerCase());
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, isSecret && name === 'HeaderValue' ? hidden : hideInside(field)]),
  );
}
