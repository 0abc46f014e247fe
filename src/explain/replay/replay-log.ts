import { findLocationCountry } from './location-country.ts';
import type { LogFields, LoggedRequest } from './log-line.ts';
import type { Decider } from './open-decider.ts';
import type { LogFile } from './read-log.ts';
import { readRequests } from './read-requests.ts';
import { openTally, type Replayed, type ReplayReport, type Tally } from './tally.ts';
import { listVisible } from './visible-request.ts';

export interface ReplayOptions {
  files: readonly LogFile[];
  decider: Pick<Decider, 'decide'>;
  /** Take the edge location's country for a request whose country the log does not tell. */
  guessCountry: boolean;
  /** The fields of logs without `#Fields`; those of a standard or a real-time log where it is missing. */
  fields?: LogFields | undefined;
  /** Told while it goes on: bytes read of all bytes, and lines so far. */
  progress: (done: { bytes: number; lines: number }) => void;
  signal?: AbortSignal | undefined;
}

/** Sends every request of a log through two functions and counts where they part. Memory does not grow with the log. NOT_FOUND when nothing in it is a request. */
export async function replayLog(options: ReplayOptions): Promise<ReplayReport> {
  const { files, progress } = options;
  const tally = openTally();
  // The next lines are read while the engine runs the last ones.
  let deciding: Promise<void> = Promise.resolve();
  for await (const { requests, bytes } of readFiles(options, tally)) {
    await deciding;
    deciding = decide(requests, options).then((all) => {
      for (const replayed of all) tally.add(replayed);
      progress({ bytes, lines: tally.lines() });
    });
    // It is awaited above or below; until then a failure must not count as unhandled.
    deciding.catch(() => undefined);
  }
  await deciding;
  return tally.report(files.length);
}

/** The requests of the files, some thousands at a time, with the bytes read so far; the tally gets what cannot be read. */
async function* readFiles(
  { files, fields, signal }: ReplayOptions,
  tally: Pick<Tally, 'addUnreadable' | 'addDamaged'>,
): AsyncGenerator<{ requests: LoggedRequest[]; bytes: number }> {
  let bytesBefore = 0;
  for (const { path, bytes: size } of files) {
    try {
      for await (const { requests, unreadable, bytes } of readRequests(path, { fields, signal })) {
        for (const { at, reason } of unreadable) tally.addUnreadable(`${path}:${at}`, reason);
        yield { requests, bytes: bytesBefore + bytes };
      }
    } catch (error) {
      if (signal?.aborted || !(error instanceof Error)) throw error;
      // A damaged file: what came before the damage counts.
      tally.addDamaged(path, error.message.split('\n')[0] ?? '');
    }
    bytesBefore += size;
  }
}

async function decide(requests: readonly LoggedRequest[], { decider, guessCountry }: ReplayOptions): Promise<Replayed[]> {
  const known = requests.map((request) => {
    const guessed = !request.hasCountry && guessCountry ? findLocationCountry(request.edgeLocation ?? '') : undefined;
    return {
      country: request.country ?? guessed,
      source: request.country !== undefined ? 'log' : guessed !== undefined ? 'location' : 'none',
    } as const;
  });
  const visible = requests.map((request, index) => listVisible(request, known[index]?.country));
  const routes = await decider.decide(visible);
  return requests.map((request, index) => ({
    request,
    country: known[index]?.country,
    countryFrom: known[index]?.source ?? 'none',
    before: routes[index]?.before ?? '',
    after: routes[index]?.after ?? '',
  }));
}
