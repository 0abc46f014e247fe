const shape = /^[a-z]{2}(-[a-z]+)+-\d$/;

/** It reads like an AWS region, such as ap-southeast-1; which of them exist changes too often for a list. */
export function isRegion(text: string): boolean {
  return text.length <= 32 && shape.test(text);
}

/**
 * What `X-Region` says: the region that CloudFront asked for in `x-region`, so that viewers and tests see which origin
 * it chose, else this process's own. A text that cannot be an AWS region is not repeated.
 */
export function chooseRegion(asked: string | string[] | undefined, own: string): string {
  return typeof asked === 'string' && isRegion(asked) ? asked : own;
}
