import type { Decider } from './decider.ts';
import { findLocationCountry } from './location-country.ts';
import { type LogFields, type LoggedRequest, listVisible } from './logged-request.ts';
import type { LogFile } from './read-log.ts';
import { readRequests } from './read-requests.ts';

export interface ReplayOptions {
  files: readonly LogFile[];
  decider: Pick<Decider, 'decide'>;
  /** Use the edge location's country for a request whose country is not in the log. */
  guessCountry: boolean;
  /** The fields of logs without `#Fields`; those of a standard or a real-time log where it is missing. */
  fields?: LogFields | undefined;
  /** Called during the replay: bytes and lines read so far. */
  progress: (done: { bytes: number; lines: number }) => void;
  signal?: AbortSignal | undefined;
}

/**
 * Sends every request of a log through two functions and counts where they differ. Memory does not grow with the log.
 */
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
    // Awaited above or below; until then a failure must not count as unhandled.
    deciding.catch(() => undefined);
  }
  await deciding;
  return tally.report(files.length);
}

/**
 * The requests of the files, some thousands at a time, with the bytes read so far; the tally gets what cannot be read.
 */
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

/** Where a request's country comes from. */
type CountrySource = 'log' | 'location' | 'none';

/** One request with where both functions send it. */
interface Replayed {
  request: LoggedRequest;
  country: string | undefined;
  countryFrom: CountrySource;
  before: string;
  after: string;
}

/** Requests that move from one route to another. */
export interface Movement {
  before: string;
  after: string;
  requests: number;
  /** By country, `-` where none is known. */
  countries: Record<string, number>;
  /** The first one. */
  example: string;
}

export interface ReplayReport {
  files: number;
  /** Every line that is neither empty nor a comment. */
  lines: number;
  requests: number;
  /** Requests whose viewer's address is not in the log: a partial weight treats them all as one viewer. */
  withoutAddress: number;
  /** Requests by how their country is known. */
  countries: Record<CountrySource, number>;
  /** Requests whose first origin, or answer, differs. */
  rerouted: number;
  /** Requests with the same first origin and another fallback. */
  otherFallback: number;
  /** The most requests first. */
  movements: Movement[];
  unreadable: number;
  /** The first few unreadable lines: `file:line: reason`. */
  unreadableExamples: string[];
  /** Files that break off, with the reason. */
  damaged: string[];
}

interface Tally {
  add(replayed: Replayed): void;
  addUnreadable(place: string, reason: string): void;
  addDamaged(file: string, reason: string): void;
  lines(): number;
  report(files: number): ReplayReport;
}

const keptExamples = 5;
/** Movements that are counted separately: a function with a route for each request must not fill the memory. */
const maxMovements = 500;

function openTally(): Tally {
  const countries: Record<CountrySource, number> = { log: 0, location: 0, none: 0 };
  const movements = new Map<string, Movement>();
  const examples: string[] = [];
  const damaged: string[] = [];
  let [requests, unreadable, rerouted, otherFallback, withoutAddress] = [0, 0, 0, 0, 0];

  function count({ request, country, before, after }: Replayed): void {
    if (firstOf(before) === firstOf(after)) otherFallback++;
    else rerouted++;
    const key = movements.size < maxMovements ? `${before}\n${after}` : '';
    const movement = movements.get(key) ?? {
      before: key === '' ? 'other routes' : before,
      after: key === '' ? 'other routes' : after,
      requests: 0,
      countries: {},
      example: [request.time, country ?? '-', request.method, request.uri.slice(0, 60)].filter((part) => part !== undefined).join(' '),
    };
    movements.set(key, movement);
    movement.requests++;
    const name = country ?? '-';
    movement.countries[name] = (movement.countries[name] ?? 0) + 1;
  }

  return {
    add(replayed) {
      requests++;
      if (replayed.request.ip === undefined) withoutAddress++;
      countries[replayed.countryFrom]++;
      if (replayed.before !== replayed.after) count(replayed);
    },
    addUnreadable(place, reason) {
      unreadable++;
      if (examples.length < keptExamples) examples.push(`${place}: ${reason}`);
    },
    addDamaged(file, reason) {
      damaged.push(`${file}: ${reason}`);
    },
    lines: () => requests + unreadable,
    report: (files) => ({
      files,
      lines: requests + unreadable,
      requests,
      withoutAddress,
      countries,
      rerouted,
      otherFallback,
      movements: [...movements.values()].sort((a, b) => b.requests - a.requests),
      unreadable,
      unreadableExamples: examples,
      damaged,
    }),
  };
}

function firstOf(route: string): string | undefined {
  return route.split(', then ')[0];
}
