import type { ViewerRequestEvent } from '../edge/execution.ts';

/** What of a viewer the function may go by. */
export interface Viewer {
  /** As CloudFront names it; undefined when the header is not there. */
  country: string | undefined;
  method: string;
  ip: string;
  /** Default `/`. */
  uri?: string;
  /** The name the viewer asked for; default `www.example.com`. */
  host?: string;
}

/** An address kept for documentation (RFC 5737), for viewers of whom only the country matters. */
export const someIp = '203.0.113.7';

/** The viewer-request event of such a viewer. */
export function buildViewerEvent({ country, method, ip, uri = '/', host = 'www.example.com' }: Viewer): ViewerRequestEvent {
  return {
    version: '1.0',
    context: { distributionDomainName: '', distributionId: '', eventType: 'viewer-request', requestId: '' },
    viewer: { ip },
    request: {
      method,
      uri,
      querystring: {},
      headers: { host: { value: host }, ...(country !== undefined && { 'cloudfront-viewer-country': { value: country } }) },
      cookies: {},
    },
  };
}
