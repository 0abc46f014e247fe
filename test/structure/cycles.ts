import type { SourceModule } from './read-modules.ts';

/** Groups of files that import each other in a circle, types included. */
export function findCycles(modules: readonly SourceModule[]): string[][] {
  const byPath = new Map(modules.map((module) => [module.path, module]));
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const cycles: string[][] = [];
  const visit = (path: string): number => {
    const own = order.size;
    order.set(path, own);
    lowest.set(path, own);
    open.push(path);
    for (const next of byPath.get(path)?.imports ?? []) {
      if (!byPath.has(next)) continue;
      const reached = order.has(next) ? (open.includes(next) ? (order.get(next) ?? own) : own) : visit(next);
      lowest.set(path, Math.min(lowest.get(path) ?? own, reached));
    }
    if (lowest.get(path) === own) {
      const group = open.splice(open.indexOf(path));
      if (group.length > 1) cycles.push(group);
    }
    return lowest.get(path) ?? own;
  };
  for (const { path } of modules) if (!order.has(path)) visit(path);
  return cycles;
}
