import type { ServerResponse } from 'node:http';
import { once } from '../../src/text/once.ts';
import type { Batch } from './wire.ts';

/** Pages at once; a browser opens six connections to one host at most. */
const maxListeners = 32;

/** A page that has taken nothing for so long is given up; it connects again by itself when it lives. */
const patienceMs = 30_000;

interface Listener {
  response: ServerResponse;
  /** It has missed a batch and is told everything once it can take it. */
  isBehind: boolean;
  /** When it last took all that it was sent. */
  emptyAt: number;
}

/**
 * Tells the open pages what happens, as Server-Sent Events. Nothing is queued for a page that does not read: it misses batches and is told everything afresh once its
 * connection is empty, so that a slow one costs no more than the one batch on its way.
 */
export class EventStream {
  readonly #listeners = new Set<Listener>();
  readonly #fresh: () => Batch;
  readonly #now: () => number;

  /** `fresh` makes the batch for somebody who knows nothing. */
  constructor(fresh: () => Batch, now: () => number) {
    this.#fresh = fresh;
    this.#now = now;
  }

  get size(): number {
    return this.#listeners.size;
  }

  /** Bytes that wait for pages to take them. */
  get pendingBytes(): number {
    return [...this.#listeners].reduce((sum, { response }) => sum + response.writableLength, 0);
  }

  /** Begins to tell this page; false when too many listen already. */
  add(response: ServerResponse): boolean {
    if (this.#listeners.size >= maxListeners) return false;
    const listener: Listener = { response, isBehind: false, emptyAt: this.#now() };
    this.#listeners.add(listener);
    response.on('close', () => this.#listeners.delete(listener));
    response.on('error', () => this.#listeners.delete(listener));
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
    response.write(`retry: 1000\n\n${formatBatch(this.#fresh())}`);
    return true;
  }

  send(batch: Batch): void {
    const text = once(() => formatBatch(batch));
    const fresh = once(() => formatBatch(this.#fresh()));
    for (const listener of this.#listeners) {
      const { response } = listener;
      if (response.writableLength > 0) {
        listener.isBehind = true;
        if (this.#now() - listener.emptyAt > patienceMs) response.destroy();
        continue;
      }
      listener.emptyAt = this.#now();
      response.write(listener.isBehind ? fresh() : text());
      listener.isBehind = false;
    }
  }

  close(): void {
    for (const { response } of this.#listeners) response.destroy();
  }
}

function formatBatch(batch: Batch): string {
  return `data: ${JSON.stringify(batch)}\n\n`;
}
