import type { ConsoleBatch } from '../wire.ts';

/** The connection counts as lost after this long without a batch; the server sends one each second. */
const silenceMs = 5_000;

/**
 * Receives batches while the page is visible. A hidden page closes its connection, since a browser has six per host,
 * and gets everything when it is visible again. `onLost` gets the time since the last batch, and undefined when the
 * connection is back.
 */
export function listen({
  onBatch,
  onLost,
}: {
  onBatch: (batch: ConsoleBatch) => void;
  onLost: (sinceMs: number | undefined) => void;
}): void {
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
      onBatch(JSON.parse(data as string) as ConsoleBatch);
    });
  };
  setInterval(() => {
    const sinceMs = Date.now() - lastAt;
    if (document.hidden || sinceMs < silenceMs) return;
    isLost = true;
    onLost(sinceMs);
    // A browser never retries after an answer that is not a stream, and does not notice a silent one.
    open();
  }, 1_000);
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) source?.close();
    else open();
  });
  open();
}

/** The answer of an action. */
export type PostAnswer = { problems?: string[]; hint?: string | null; lines?: string[] } & Record<string, unknown>;

/** Sends an action to the server. A failed connection is a problem like any other. */
export async function post(path: string, body: object): Promise<PostAnswer> {
  try {
    const response = await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    return (await response.json()) as PostAnswer;
  } catch (error) {
    return { problems: [`the console did not answer: ${(error as Error).message}`], hint: 'does its command still run?' };
  }
}

/** Shows problems with their hint, or hides the place if there are none. */
export function showProblems(place: HTMLElement, { problems, hint }: PostAnswer): void {
  place.hidden = problems === undefined;
  place.textContent = problems === undefined ? '' : [problems.join('; '), hint].filter(Boolean).join('. ');
}
