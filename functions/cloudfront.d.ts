// The event and the 'cloudfront' module of runtime cloudfront-js-2.0, from AWS's Developer Guide:
// functions-event-structure.html, functions-custom-methods.html, helper-functions-origin-modification.html. Our own,
// since the public types differ from those pages.

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
  /** The router's own note: the key of the service that has the path. */
  service?: string;
  /** The same: the origin that a tester asks for. */
  forced?: string | undefined;
  /** What the access log says of it: the service's name, the age of this location's copy of the store. */
  name?: string;
  age?: string;
  /** The router's own note: the path as the viewer asked for it, before a function of the team's own. */
  path?: string | undefined;
}

interface CloudFrontResponse {
  statusCode: number;
  statusDescription?: string;
  headers?: { [name: string]: CloudFrontValue };
  cookies?: { [name: string]: CloudFrontValue & { attributes?: string } };
  body?: string | { encoding: 'text' | 'base64'; data: string };
}

type CloudFrontResult = CloudFrontRequest | CloudFrontResponse;

/**
 * What `before` and `after` of edge.config.ts export by default. A function that is called `handler` takes the event
 * alone, as in CloudFront.
 */
type EdgeFunction = (request: CloudFrontRequest, event: CloudFrontRequestEvent) => CloudFrontResult | Promise<CloudFrontResult>;

type CloudFrontEncoding = 'utf8' | 'hex' | 'base64' | 'base64url';

/** Bytes as a Buffer, with the encodings that AWS lists. */
interface CloudFrontBytes extends Uint8Array {
  toString(encoding?: CloudFrontEncoding): string;
}

declare function atob(text: string): string;
declare function btoa(text: string): string;
declare const console: { log(message: unknown): void };
declare const Buffer: { from(data: string | readonly number[] | CloudFrontBytes, encoding?: CloudFrontEncoding): CloudFrontBytes };

declare module 'cloudfront' {
  export interface KeyValueStore {
    /** Rejects when the key does not exist. */
    get(key: string, options?: { format: 'string' }): Promise<string>;
    get(key: string, options: { format: 'bytes' }): Promise<CloudFrontBytes>;
    get(key: string, options: { format: 'json' }): Promise<unknown>;
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
    /**
     * Exactly two, the primary first. Live runs took texts as well as objects; AWS's text says the one, its example
     * shows the other.
     */
    originIds: string[] | OriginReference[];
    failoverCriteria: { statusCodes: number[] };
    selectionCriteria?: 'default' | 'media-quality-score';
  }
  const cf: {
    /** Fails when no store is associated with the function. */
    kvs(): KeyValueStore;
    selectRequestOriginById(originId: string, overrides?: OriginOverrides): void;
    createRequestOriginGroup(group: OriginGroup): void;
    /** `mTLSConfig` is 'inherit' or 'off'; the other settings are those of AWS's page. */
    updateRequestOrigin(origin: { mTLSConfig?: 'inherit' | 'off'; [setting: string]: unknown }): void;
    /** Of a viewer request only. */
    readonly edgeLocation: { name: string; serverIp: string; region: string };
    /** For the access log's own field, cut at 800 bytes after URL encoding. */
    logCustomData(text: string): void;
    /** Its members throw a TypeError on a distribution without tenants: catch it. */
    readonly distributionTenant: { readonly id: string; readonly parameters: { get(name: string): string } };
    /**
     * CBOR web tokens, MAC0 with HS256. Nothing in this project replaces it: the gate refuses it here, CloudFront runs
     * it.
     */
    readonly cwt: {
      validateToken(token: CloudFrontBytes, options: { key: string | CloudFrontBytes }): { payload: { [claim: number]: unknown } };
      generateToken(token: object, options: { key: string | CloudFrontBytes; [setting: string]: unknown }): CloudFrontBytes;
    };
  };
  export default cf;
}

declare module 'crypto' {
  export interface Hash {
    /** `encoding` is that of the text; utf8 when absent. */
    update(data: string | CloudFrontBytes, encoding?: CloudFrontEncoding): Hash;
    digest(encoding: 'hex' | 'base64' | 'base64url'): string;
    /** Without an encoding the bytes, as a Buffer. */
    digest(): { readonly [place: number]: number };
  }
  type Algorithm = 'md5' | 'sha1' | 'sha256';
  const crypto: { createHash(algorithm: Algorithm): Hash; createHmac(algorithm: Algorithm, key: string | CloudFrontBytes): Hash };
  export default crypto;
}
