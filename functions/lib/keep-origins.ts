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
  // Below 100. Without a partial weight 0 divides as any other does, so no hash is paid for.
  let bucket = 0;
  const rest = record.replace(entryPattern, (_match, origin: string, weight: Digits, until: Digits) => {
    // The first entry of an origin that has not expired wins.
    if (!(until <= Date.now() / 1000 || weights[origin])) {
      // MD5 for its spread, not for secrecy: native code, five times cheaper here than FNV in JavaScript. A byte makes 256 steps of 100 buckets; the
      // added hundredth moves none of them across a whole weight, and makes 0 mean not hashed yet.
      // biome-ignore lint/suspicious/noAssignInExpressions: apart, the assignment costs 12,000 instructions of loading.
      if ((weights[origin] = weight) % 100) {
        bucket =
          bucket ||
          crypto
            .createHash('md5')
            .update('' + (event.viewer || (0 as never)).ip)
            .digest()[0] /
            2.56 +
            0.01;
      }
    }
    return '';
  });
  const kept = order.filter((origin) => !(weights[origin.originId] <= bucket));
  return rest || !kept[0] ? order : kept;
}
