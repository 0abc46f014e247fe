import type { EdgeConfig } from './edge-config.ts';

/** The alias of the origin with this id in the distribution; the id itself when edge.config.ts has no such origin. */
export function aliasOf(origins: EdgeConfig['origins'], id: string): string {
  return Object.entries(origins).find(([, { originId }]) => originId === id)?.[0] ?? id;
}

/** The id in the distribution of the origin with this alias; the alias itself when edge.config.ts has no such origin. */
export function originIdOf(origins: EdgeConfig['origins'], alias: string): string {
  return origins[alias]?.originId ?? alias;
}
