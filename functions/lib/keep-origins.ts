import { entryPattern, type maxEntries } from '../../kvs/health-record.ts';
import { crypto } from './crypto.ts';

/** Text of digits that arithmetic and comparison turn into the number; as a text, "0" is true. */
type Digits = number;

/**
 * The viewer's bucket, below 100. Without a partial weight it is 0, which divides as any other does, so no hash is paid
 * for. The access log has it; out of the function it costs nothing.
 */
export let bucket = 0;

/**
 * The origins of `order` that take a viewer, in that order: those at 100 and those whose weight exceeds the viewer's
 * bucket. The whole order when none is left, or when the record does not parse.
 */
export function keepOrigins(order: string[], record: string, event: CloudFrontRequestEvent): string[] {
  const weights: { [origin: string]: Digits } = {};
  bucket = 0;
  let left: number = 12 satisfies typeof maxEntries;
  let entry: RegExpExecArray | null | '' | 0;
  // biome-ignore lint/suspicious/noAssignInExpressions: this loop and its body fit the budget of loading only as single expressions.
  for (; (entry = record && left-- && entryPattern.exec(record)); record = record.slice(entry[0].length)) {
    // The first entry of an origin that has not expired wins.
    if (!(weights[entry[1]] || (entry[3] as never) <= Date.now() / 1000)) {
      // MD5 for its spread, not for secrecy: native code, five times cheaper here than FNV in JavaScript. A byte makes
      // 256 steps of 100 buckets; the added hundredth moves none of them across a whole weight, and makes 0 mean not
      // hashed yet.
      // biome-ignore lint/suspicious/noAssignInExpressions: apart, the assignment costs 12,000 instructions of loading.
      if ((weights[entry[1]] = entry[2] as never) % 100) {
        bucket = bucket || crypto.createHash('md5').update(event.viewer.ip).digest()[0] / 2.56 + 0.01;
      }
    }
  }
  const kept = order.filter((origin) => !(weights[origin] <= bucket));
  return record || !kept[0] ? order : kept;
}
