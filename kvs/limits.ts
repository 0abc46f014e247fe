// CloudFront's limits, each with the page it comes from. Where sources disagree we keep the stricter value.
// DG = https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/

/**
 * Bytes of function code, not adjustable (DG cloudfront-limits.html). The API model allows 40,960; the server refuses
 * with FunctionSizeLimitExceeded.
 */
export const maxFunctionBytes = 10_240;

/** Bytes of memory of one run (DG cloudfront-limits.html). */
export const maxFunctionMemoryBytes = 2 * 1_024 * 1_024;

/**
 * Bytes of a KeyValueStore key (DG cloudfront-limits.html). The data-plane model allows 1,024: the stricter one is
 * kept.
 */
export const maxKeyBytes = 512;

/** Bytes of a KeyValueStore value (DG cloudfront-limits.html). */
export const maxValueBytes = 1_024;

/** Bytes of a whole KeyValueStore (DG cloudfront-limits.html). */
export const maxStoreBytes = 5 * 1_024 * 1_024;

/** Keys in one UpdateKeys call, puts and deletes together (DG cloudfront-limits.html). */
export const maxKeysPerUpdate = 50;

/** Bytes of one UpdateKeys call (DG cloudfront-limits.html). */
export const maxUpdateBytes = 3 * 1_024 * 1_024;

/** Items of one ListKeys page; the default is 10 (API model 2022-07-26). */
export const maxListKeysResults = 50;

/** Bytes of an event object given to TestFunction (API model 2020-05-31). */
export const maxTestEventBytes = 40_960;

/** Characters of URI and query string together (DG edge-function-restrictions-all.html). */
export const maxUriLength = 8_192;

/** Bytes of a request without its body, and of an origin's response without its own (DG cloudfront-limits.html). */
export const maxHeadBytes = 32_768;

/**
 * Percent of the allowed compute that publishing accepts. Ours: production's p99 was about three times TestFunction's
 * figure in the one report known.
 */
export const defaultMaxUtilization = 60;
