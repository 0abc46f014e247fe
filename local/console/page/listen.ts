import type { Batch } from '../wire.ts';

/** Without a batch for so long the connection counts as lost: the server sends one each second. */
const silenceMs = 5_000;

/**
 * Takes batches for as long as the page is open and seen: a hidden page lets go of its connection, of which a browser has six for a host, and is told everything when it
 * is seen again. `onLost` is called with the time since the last batch, and with undefined when all is well again.
 */
export function listen({ onBatch, onLost }: { onBatch: (batch: Batch) => void; onLost: (sinceMs: number | undefined) => void }): void {
  let source: EventSource | undefined;
  let lastAt = Date.now();
  let isLost = false;

  const open = () => {
    source?.close();
    lastAt = Date.now();
    source = new EventSource('/api/events');
    source.addEventListener('message', ({ data }) => {
      lastAt = Date.now();
      if (isLost) onLost(undefined);
      isLost = false;
      onBatch(JSON.parse(data as string) as Batch);
    });
  };
  setInterval(() => {
    const sinceMs = Date.now() - lastAt;
    if (document.hidden || sinceMs < silenceMs) return;
    isLost = true;
    onLost(sinceMs);
    // A browser gives up for good on an answer that is not a stream, and does not notice one that fell silent.
    open();
  }, 1_000);
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) source?.close();
    else open();
  });
  open();
}
