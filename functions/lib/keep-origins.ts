import type { OriginReference } from 'cloudfront';
import crypto from 'crypto';
import { entryPattern } from '../../kvs/health-record.ts';

/** Text of digits that arithmetic and comparison turn into the number; as a text, "0" is true. */
type Digits = number;

/**
 * The origins of `order` that take a viewer, in that order: those at 100 and those whose weight exceeds the viewer's bucket. The whole order
 * when none is left, or when the record does not parse.
 */
export function keepOrigins(order: OriginReference[], record: string, event: CloudFrontRequestEvent): OriginReference[] {
  const weights: { [origin: string]: Digits } = {};
  // 0 to 99. Without a partial weight any of them divides the same way, so no hash is paid for.
  let bucket = 0;
  const rest = record.replace(entryPattern, (_match, origin: string, weight: Digits, until: Digits) => {
    if (!(until <= Date.now() / 1000)) {
      // The first entry of an origin that has not expired wins.
      weights[origin] = weights[origin] || weight;
      if (weight % 100) {
        // MD5 for its spread, not for secrecy: native code, five times cheaper here than FNV in JavaScript. A byte makes 256 steps of 100 buckets.
        const hash = crypto.createHash('md5').update('' + (event.viewer || (0 as never)).ip);
        bucket = (hash.digest()[0] * 100) >> 8;
      }
    }
    return '';
  });
  const kept = order.filter((origin) => !(weights[origin.originId] <= bucket));
  return rest || !kept[0] ? order : kept;
}
