// The event and the 'cloudfront' module of runtime cloudfront-js-2.0, from AWS's Developer Guide: functions-event-structure.html,
// functions-custom-methods.html, helper-functions-origin-modification.html. Our own, since the public types differ from those pages.

interface CloudFrontValue {
  value: string;
  /** Only for a name that the viewer sent more than once; when changed it wins over `value`. */
  multiValue?: { value: string }[];
}

interface CloudFrontRequest {
  readonly method: string;
  /** The path only; changing it changes neither behavior nor origin. */
  uri: string;
  querystring: { [name: string]: CloudFrontValue };
  /** Names arrive in lower case and must be written so. */
  headers: { [name: string]: CloudFrontValue };
  cookies: { [name: string]: CloudFrontValue };
}

interface CloudFrontRequestEvent {
  version: string;
  context: { distributionDomainName?: string; distributionId?: string; eventType: 'viewer-request'; requestId?: string };
  viewer: { ip: string };
  request: CloudFrontRequest;
}

declare module 'cloudfront' {
  export interface KeyValueStore {
    /** Rejects when the key does not exist. */
    get(key: string, options?: { format: 'string' }): Promise<string>;
    exists(key: string): Promise<boolean>;
    meta(): Promise<{ creationDateTime: string; lastUpdatedDateTime: string; keyCount: number }>;
  }
  export interface OriginOverrides {
    hostHeader?: string;
    sni?: string;
    allowedCertificateNames?: string[];
  }
  export interface OriginReference {
    originId: string;
    originOverrides?: OriginOverrides;
  }
  export interface OriginGroup {
    /** Exactly two, the primary first. Objects, as AWS's own example passes them; its text says strings. */
    originIds: OriginReference[];
    failoverCriteria: { statusCodes: number[] };
    selectionCriteria?: 'default' | 'media-quality-score';
  }
  const cf: {
    /** Fails when no store is associated with the function. */
    kvs(): KeyValueStore;
    selectRequestOriginById(originId: string, overrides?: OriginOverrides): void;
    createRequestOriginGroup(group: OriginGroup): void;
    updateRequestOrigin(origin: { [setting: string]: unknown }): void;
    readonly edgeLocation: { name: string; serverIp: string; region: string };
  };
  export default cf;
}

declare module 'crypto' {
  export interface Hash {
    update(text: string): Hash;
    digest(encoding: 'hex' | 'base64' | 'base64url'): string;
    /** Without an encoding the bytes, as a Buffer. */
    digest(): { readonly [place: number]: number };
  }
  const crypto: { createHash(algorithm: 'md5' | 'sha1' | 'sha256'): Hash };
  export default crypto;
}
