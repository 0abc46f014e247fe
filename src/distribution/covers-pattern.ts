/**
 * Whether the first path pattern matches every path that the second one matches, so that a behavior with the second one behind it never gets a request.
 * A leading slash makes no difference to CloudFront. Says true only when it is so.
 */
export function coversPattern(wide: string, narrow: string): boolean {
  return covers(withSlash(wide), withSlash(narrow));
}

function withSlash(pattern: string): string {
  return pattern.startsWith('/') || pattern.startsWith('*') ? pattern : `/${pattern}`;
}

/** `narrow` is read as a text whose own wildcards are letters that only a wildcard of `wide` takes: `?` by `?` or `*`, `*` by `*` alone. */
function covers(wide: string, narrow: string): boolean {
  // Where the last star of `wide` is, and up to where in `narrow` it reaches: it is lengthened when what follows does not fit.
  let [at, of] = [0, 0];
  let [star, reached] = [-1, 0];
  while (of < narrow.length) {
    const wanted = wide[at];
    const found = narrow[of];
    if (wanted === '*') {
      [star, reached] = [at, of];
      at++;
    } else if (wanted !== undefined && (wanted === found || (wanted === '?' && found !== '*'))) {
      at++;
      of++;
    } else if (star >= 0) {
      reached++;
      [at, of] = [star + 1, reached];
    } else return false;
  }
  return /^\**$/.test(wide.slice(at));
}
