// Written at build time from the files that `before` and `after` of edge.config.ts name, by src/edge/team-code.ts.

declare module 'virtual:team' {
  /** False compiles the call of `before` away. */
  export const hasBefore: boolean;
  export const hasAfter: boolean;
  /** The function takes the event alone; otherwise the request, and the event behind it. */
  export const beforeTakesEvent: boolean;
  export const afterTakesEvent: boolean;
}

interface TeamFunction {
  (event: CloudFrontRequestEvent): CloudFrontResult | Promise<CloudFrontResult>;
  (request: CloudFrontRequest, event: CloudFrontRequestEvent): CloudFrontResult | Promise<CloudFrontResult>;
}

declare module 'virtual:before' {
  const before: TeamFunction;
  export default before;
}

declare module 'virtual:after' {
  const after: TeamFunction;
  export default after;
}
