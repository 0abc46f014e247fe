/** What CloudFront takes as a path pattern. */
export const pathPatternText = /^[\w.*$/~"'@:+&?-]{1,255}$/;

/** The pattern with the leading slash that CloudFront lets people leave out. */
export function withSlash(pattern: string): string {
  return pattern.startsWith('/') || pattern.startsWith('*') ? pattern : `/${pattern}`;
}

/**
 * The default behavior, where behaviors are named by their path patterns; the path of this name has the pattern
 * `/default`.
 */
export const defaultBehavior = 'default';

/** Whether two names mean the same behavior. */
export function isSameBehavior(one: string, other: string): boolean {
  if (one === defaultBehavior || other === defaultBehavior) return one === other;
  return withSlash(one) === withSlash(other);
}

/** Whether a path matches a pattern: `*` is any number of characters, `?` exactly one, letters are case-sensitive. */
export function matchesPattern(pattern: string, path: string): boolean {
  // Only a star of the pattern is a wildcard.
  return covers(withSlash(pattern), path.replaceAll('*', '\0'));
}

/**
 * Whether the first path pattern matches every path that the second one matches: what comes after it with the second
 * pattern gets no request. True only when it is certain.
 */
export function coversPattern(wide: string, narrow: string): boolean {
  return covers(withSlash(wide), withSlash(narrow));
}

/**
 * Reads `narrow` as text whose wildcards only a wildcard of `wide` matches: `?` is matched by `?` or `*`, `*` by `*`
 * alone.
 */
function covers(wide: string, narrow: string): boolean {
  // The last star of `wide`, and how far into `narrow` it reaches: it grows when what follows does not fit.
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
