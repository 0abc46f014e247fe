/**
 * The parts of distribution.json that a flipper goes by: aliases and origins. The rest is left out, so that the function's environment need not fill placeholders
 * that mean nothing to it, such as the certificate's.
 */
export function pickFlipperParts(distribution: {
  CallerReference: string;
  Aliases?: unknown;
  Origins: unknown;
  DefaultCacheBehavior: { TargetOriginId: string };
}): object {
  const { CallerReference, Aliases, Origins, DefaultCacheBehavior } = distribution;
  const { TargetOriginId } = DefaultCacheBehavior;
  return { CallerReference, Comment: '', Enabled: true, Aliases, Origins, DefaultCacheBehavior: { TargetOriginId } };
}
