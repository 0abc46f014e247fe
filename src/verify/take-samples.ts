import { exchange, type HttpAnswer, type NoAnswer, type ProbeOptions, type ProbeTarget } from '../probe/probe.ts';
import { readTls, type TlsFacts } from '../probe/read-tls.ts';

export interface Samples {
  answers: readonly HttpAnswer[];
  /** The request after which no other was sent. */
  broken: NoAnswer | undefined;
  tls: TlsFacts | undefined;
}

/**
 * The same request again and again, each on a connection of its own. The first one without an answer is the last: nobody waits for a dead edge
 * as many times as samples were asked for. Aborted, it returns what it has.
 */
export async function takeSamples(
  target: Omit<ProbeTarget, 'region' | 'checks'>,
  count: number,
  options: ProbeOptions & { signal: AbortSignal },
): Promise<Samples> {
  const answers: HttpAnswer[] = [];
  let tls: TlsFacts | undefined;
  const onConnect: ProbeOptions['onConnect'] = (socket) => {
    tls ??= readTls(socket);
  };
  while (answers.length < count && !options.signal.aborted) {
    const exchanged = await exchange(target, { ...options, turn: answers.length, onConnect });
    if (!('failure' in exchanged)) answers.push(exchanged);
    else if (!options.signal.aborted) return { answers, broken: exchanged, tls };
  }
  return { answers, broken: undefined, tls };
}
