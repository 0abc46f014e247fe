import type { SignalSource } from 'cloudfront-edge-failover/flipper';

/**
 * Evidence of your own: while a deployment replaces the whole region, it gets no viewers. `required` makes a bad
 * verdict of this signal alone count.
 */
export function openDeployFreeze(): { signal: SignalSource; begin(): void } {
  let isFrozen = false;
  return {
    begin() {
      isFrozen = true;
    },
    signal: {
      name: 'deploy-freeze',
      required: true,
      isFresh: true,
      probe: async () => ({ opinion: isFrozen ? 'bad' : 'good', latencyMs: 0, ...(isFrozen && { detail: 'a deployment is running' }) }),
    },
  };
}
