import type { Release } from './release-code.ts';

/** The outcome for people. */
export function formatRelease({ outcome, name, version, sha256, njs }: Release): string[] {
  const label = version === undefined ? '' : ` v${version}`;
  return [
    outcome === 'unchanged'
      ? `nothing to do: ${name}${label} is LIVE with this very code, ${sha256.slice(0, 12)}`
      : `published: ${name}${label} is LIVE, ${sha256.slice(0, 12)}; edge locations will pick it up; AWS gives no time bound`,
    ...(outcome === 'published' && njs === 'absent'
      ? ['unproven: njs is not installed, so no engine like CloudFront’s has run the code']
      : []),
  ];
}
