import type { ServerResponse } from 'node:http';
import { once } from '../../src/text/once.ts';
import type { ConsoleBatch } from './wire.ts';

/** Pages at once; a browser opens six connections to one host at most. */
const maxListeners = 32;

/** A page that reads nothing for this long is disconnected. It connects again automatically. */
const patienceMs = 30_000;

interface Listener {
  response: ServerResponse;
  /** It missed a batch and gets everything when it reads again. */
  isBehind: boolean;
  /** When it had last read everything. */
  emptyAt: number;
}

/**
 * Sends batches to the open pages as Server-Sent Events. It queues nothing for a page that does not read: the page
 * misses batches and gets everything again when its connection is empty. So a slow page costs the memory of one batch.
 */
export class EventStream {
  readonly #listeners = new Set<Listener>();
  readonly #fresh: () => ConsoleBatch;
  readonly #now: () => number;

  /** `fresh` makes the batch for a new page. */
  constructor(fresh: () => ConsoleBatch, now: () => number) {
    this.#fresh = fresh;
    this.#now = now;
  }

  get size(): number {
    return this.#listeners.size;
  }

  /** Bytes waiting for pages to read them. */
  get pendingBytes(): number {
    return [...this.#listeners].reduce((sum, { response }) => sum + response.writableLength, 0);
  }

  /** Adds a page; false when there are too many. */
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

  send(batch: ConsoleBatch): void {
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

function formatBatch(batch: ConsoleBatch): string {
  return `data: ${JSON.stringify(batch)}\n\n`;
}
