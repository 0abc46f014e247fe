import type { Release } from './release-code.ts';

/** The outcome for people. */
export function formatRelease({ outcome, name, version, sha256 }: Release): string[] {
  const label = version === undefined ? '' : ` v${version}`;
  return [
    outcome === 'unchanged'
      ? `nothing to do: ${name}${label} is LIVE with this very code, ${sha256.slice(0, 12)}`
      : `published: ${name}${label} is LIVE, ${sha256.slice(0, 12)}; the edges follow, for which AWS names no time`,
  ];
}
