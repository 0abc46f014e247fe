import type { VisibleRequest } from './visible-request.ts';
import { formatPresence } from './visible-request.ts';

/** Either what was decided, or what must be known next to tell. */
type Node = { decision: string } | { reads: string; by: Map<string, Node> };

/** Nodes that are kept; a log with more different requests than this begins anew, which costs time and changes nothing. */
const maxNodes = 200_000;

/**
 * What a function decided, by what it read to decide: a request that agrees in everything that was read gets the same decision without a run. Exact as
 * long as the function goes by the request, the store and the time alone, which stand still.
 */
export class DecisionMemo {
  #roots = new Map<string, Node>();
  #nodes = 0;

  /** The decision for this request; undefined when a run must tell. */
  find(visible: VisibleRequest): string | undefined {
    let node = this.#roots.get(formatPresence(visible));
    while (node !== undefined) {
      if ('decision' in node) return node.decision;
      node = node.by.get(visible.get(node.reads) ?? '');
    }
    return undefined;
  }

  /** Keeps what a run decided and read, in the order in which it read. */
  keep(visible: VisibleRequest, reads: readonly string[], decision: string): void {
    if (this.#nodes > maxNodes) {
      this.#roots.clear();
      this.#nodes = 0;
    }
    let place: Map<string, Node> = this.#roots;
    let key = formatPresence(visible);
    for (const name of reads) {
      const node = place.get(key);
      // The same reads so far lead to the same next one: anything else was decided by chance, and the last run counts.
      const next = node !== undefined && 'reads' in node && node.reads === name ? node : { reads: name, by: new Map<string, Node>() };
      if (next !== node) this.#nodes++;
      place.set(key, next);
      place = next.by;
      key = visible.get(name) ?? '';
    }
    if (!place.has(key)) this.#nodes++;
    place.set(key, { decision });
  }
}
