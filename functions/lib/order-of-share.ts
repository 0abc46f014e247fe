import { crypto } from './crypto.ts';

/** Orders that share the viewers: the order at a place is that of the viewers up to this percent. */
interface SharedOrders {
  upTo: number[];
  orders: string[][];
}

/**
 * The order of one viewer, always the same one. By two other bytes of the hash than the bucket of a record's weight: if both came from one, a weight would
 * take out all viewers of one share before any of the next.
 */
export function orderOfShare(shared: SharedOrders, event: CloudFrontRequestEvent): string[] {
  const digest = crypto.createHash('md5').update(event.viewer.ip).digest();
  const position = (digest[1] * 256 + digest[2]) / 655.36;
  let place = 0;
  while (position >= shared.upTo[place]) place++;
  return shared.orders[place];
}
