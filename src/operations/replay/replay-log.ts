import { EdgeError } from '../../cli/errors.ts';
import { findLocationCountry } from './location-country.ts';
import { type LogFields, type LoggedRequest, parseLogFields, parseLogLine, standardFields } from './log-line.ts';
import type { Decider } from './open-decider.ts';
import { type LogFile, readLogLines } from './read-log.ts';
import { openTally, type Replayed, type ReplayReport } from './tally.ts';
import { listVisible } from './visible-request.ts';

export interface ReplayOptions {
  files: readonly LogFile[];
  before: Decider;
  after: Decider;
  /** Take the edge location's country for a request whose country the log does not tell. */
  guessCountry: boolean;
  /** Told while it goes on: bytes read of all bytes, and lines so far. */
  progress: (done: { bytes: number; lines: number }) => void;
  signal?: AbortSignal | undefined;
}

/** Sends every request of a log through two functions and counts where they part. Memory does not grow with the log. NOT_FOUND when nothing in it is a request. */
export async function replayLog(options: ReplayOptions): Promise<ReplayReport> {
  const { files, progress, signal } = options;
  const tally = openTally();
  let bytesBefore = 0;
  for (const { path, bytes: size } of files) {
    let fields: LogFields = standardFields;
    try {
      for await (const { lines, first, bytes } of readLogLines(path, signal)) {
        const requests: LoggedRequest[] = [];
        for (const [index, line] of lines.entries()) {
          if (line.startsWith('#')) {
            if (line.startsWith('#Fields:')) fields = parseLogFields(line.slice('#Fields:'.length));
            continue;
          }
          const text = line.endsWith('\r') ? line.slice(0, -1) : line;
          if (text === '') continue;
          const request = parseLogLine(text, fields);
          if (typeof request === 'string') tally.addUnreadable(`${path}:${first + index}`, request);
          else requests.push(request);
        }
        for (const replayed of await decide(requests, options)) tally.add(replayed);
        progress({ bytes: bytesBefore + bytes, lines: tally.lines() });
      }
    } catch (error) {
      if (signal?.aborted || error instanceof EdgeError) throw error;
      // A damaged file: what came before the damage counts.
      if (!(error instanceof Error) || !('code' in error)) throw error;
      tally.addDamaged(path, error.message);
    }
    bytesBefore += size;
  }
  return tally.report(files.length);
}

async function decide(requests: readonly LoggedRequest[], { before, after, guessCountry }: ReplayOptions): Promise<Replayed[]> {
  const known = requests.map((request) => {
    const guessed = request.country === undefined && guessCountry ? findLocationCountry(request.edgeLocation ?? '') : undefined;
    return {
      country: request.country ?? guessed,
      source: request.country !== undefined ? 'log' : guessed !== undefined ? 'location' : 'none',
    } as const;
  });
  const visible = requests.map((request, index) => listVisible(request, known[index]?.country));
  const [old, fresh] = await Promise.all([before.decide(visible), after.decide(visible)]);
  return requests.map((request, index) => ({
    request,
    country: known[index]?.country,
    countryFrom: known[index]?.source ?? 'none',
    before: old[index] ?? '',
    after: fresh[index] ?? '',
  }));
}
