// Which headers functions may see and write (AWS: edge-function-restrictions-all.html). Names are in lower case.

const forbidden = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'trailer',
  'upgrade',
  'x-accel-buffering',
  'x-accel-charset',
  'x-accel-limit-rate',
  'x-accel-redirect',
  'x-amzn-auth',
  'x-amzn-cf-billing',
  'x-amzn-cf-id',
  'x-amzn-cf-xff',
  'x-amzn-errortype',
  'x-amzn-fle-profile',
  'x-amzn-header-count',
  'x-amzn-header-order',
  'x-amzn-lambda-integration-tag',
  'x-amzn-requestid',
  'x-cache',
  'x-forwarded-proto',
  'x-real-ip',
]);

/** Read-only in a viewer-request function: editing one is a 502. */
export const readOnlyRequestHeaders = ['host', 'content-length', 'transfer-encoding', 'via', 'cdn-loop'] as const;

/** Read-only in a viewer-response function. */
export const readOnlyResponseHeaders = ['via', 'warning'] as const;

/** Functions do not see these, and adding one is a 502. */
export function isForbiddenHeader(name: string): boolean {
  return forbidden.has(name) || name.startsWith('x-edge-') || name.startsWith('x-amz-cf-');
}

/** Not taken from a viewer: the forbidden ones, TE, and `cloudfront-*`, which only CloudFront itself may set. */
export function isHiddenFromViewer(name: string): boolean {
  return isForbiddenHeader(name) || name === 'te' || name.startsWith('cloudfront-');
}

/** Belong to one connection, so they are not passed from the origin to the viewer. */
export const hopByHopHeaders: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Names that CloudFront does not write with one capital letter a word. */
const unusualNames: Readonly<Record<string, string>> = {
  'cloudfront-is-ios-viewer': 'CloudFront-Is-IOS-Viewer',
  'cloudfront-is-smarttv-viewer': 'CloudFront-Is-SmartTV-Viewer',
  'sec-websocket-accept': 'Sec-WebSocket-Accept',
  'sec-websocket-extensions': 'Sec-WebSocket-Extensions',
  'sec-websocket-key': 'Sec-WebSocket-Key',
  'sec-websocket-protocol': 'Sec-WebSocket-Protocol',
  'sec-websocket-version': 'Sec-WebSocket-Version',
};
const wireNames = new Map(Object.entries(unusualNames));

/**
 * A header's name as CloudFront sends it to an origin: in capitals, where events have lower case
 * (functions-event-structure.html). The HTTP client writes `host` and `connection` itself, in lower case.
 */
export function wireName(name: string): string {
  const known = wireNames.get(name);
  if (known !== undefined) return known;
  const written = name
    .toLowerCase()
    .replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())
    .replace(/^Cloudfront-/, 'CloudFront-');
  if (wireNames.size < 1_000) wireNames.set(name, written);
  return written;
}
