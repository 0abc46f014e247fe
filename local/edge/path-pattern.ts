/** Tells whether a viewer's path falls under a behavior's pattern. */
export type PathMatcher = (normalizedPath: string) => boolean;

/**
 * Compiles a behavior's path pattern: `*` is any number of characters, `?` exactly one, letters are case-sensitive, the leading slash may be left out
 * (AWS: DownloadDistValuesCacheBehavior.html).
 */
export function compilePathPattern(pattern: string): PathMatcher {
  const full = pattern.startsWith('/') || pattern.startsWith('*') ? pattern : `/${pattern}`;
  const firstWildcard = full.search(/[*?]/);
  if (firstWildcard === -1) return (path) => path === full;
  if (firstWildcard === full.length - 1 && full.endsWith('*')) {
    const prefix = full.slice(0, -1);
    return (path) => path.startsWith(prefix);
  }
  return (path) => matchWildcards(full, path);
}

/**
 * The path as CloudFront compares it with patterns: percent-encoded unreserved characters decoded, dot segments removed (RFC 3986, section 6.2.2).
 * The origin still gets the path as the viewer sent it.
 */
export function normalizePath(path: string): string {
  const decoded = path.includes('%') ? path.replace(/%([0-9a-fA-F]{2})/g, decodeUnreserved) : path;
  if (!decoded.includes('/.')) return decoded;
  const segments: string[] = [];
  const parts = decoded.split('/').slice(1);
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    if (part === '..') segments.pop();
    if (part === '.' || part === '..') {
      if (isLast) segments.push('');
    } else segments.push(part);
  }
  return `/${segments.join('/')}`;
}

function decodeUnreserved(encoded: string, hex: string): string {
  const character = String.fromCharCode(Number.parseInt(hex, 16));
  return /[A-Za-z0-9\-._~]/.test(character) ? character : encoded.toUpperCase();
}

/** Walks both strings once and goes back only to the last `*`, so that no pattern can make a long path expensive as a regular expression could. */
function matchWildcards(pattern: string, path: string): boolean {
  let at = 0;
  let from = 0;
  let star = -1;
  let resume = 0;
  while (from < path.length) {
    if (at < pattern.length && (pattern[at] === '?' || (pattern[at] !== '*' && pattern[at] === path[from]))) {
      at++;
      from++;
    } else if (pattern[at] === '*') {
      star = at++;
      resume = from;
    } else if (star !== -1) {
      at = star + 1;
      from = ++resume;
    } else return false;
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}
