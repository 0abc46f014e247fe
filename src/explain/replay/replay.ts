import { defaultBehavior } from '../../config/path-pattern.ts';
import { ownOrigin } from '../../edge/ask/ask.ts';
import { findLocationCountry } from '../../log/location-country.ts';
import type { LogFields, LoggedRequest } from '../../log/logged-request.ts';
import type { LogFile } from '../../log/read-log.ts';
import { readRequests } from '../../log/read-requests.ts';
import type { Decided, Decider } from './decider.ts';
import { listVisible, type ReplayedBehavior } from './logged-event.ts';

export interface ReplayOptions {
  files: readonly LogFile[];
  decider: Pick<Decider, 'decide'>;
  /** Use the edge location's country for a request whose country is not in the log. */
  guessCountry: boolean;
  /** The behavior of a path, where it is known. Default: all paths are one. */
  behaviorOf?: ((path: string) => ReplayedBehavior) | undefined;
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

const wholeDistribution: ReplayedBehavior = { name: '*', isRouted: true };

async function decide(requests: readonly LoggedRequest[], { decider, guessCountry, behaviorOf }: ReplayOptions): Promise<Replayed[]> {
  const known = requests.map((request) => {
    const guessed = !request.hasCountry && guessCountry ? findLocationCountry(request.edgeLocation ?? '') : undefined;
    const behavior = behaviorOf?.(request.uri) ?? wholeDistribution;
    return {
      request,
      behavior:
        request.behavior === undefined ? behavior : { ...behavior, name: request.behavior === '*' ? defaultBehavior : request.behavior },
      country: request.country ?? guessed,
      countryFrom: request.country !== undefined ? 'log' : guessed !== undefined ? 'location' : 'none',
    } as const;
  });
  const routed = known.filter(({ behavior }) => behavior.isRouted);
  const decided = await decider.decide(routed.map(({ request, country }) => listVisible(request, country)));
  const byRequest = new Map(routed.map(({ request }, index) => [request, decided[index]]));
  return known.map((each) => {
    const { before, after } = byRequest.get(each.request) ?? {};
    if (before === undefined || after === undefined) return { ...each, before: '', after: '', isRewritten: false, unseen: [] };
    const routeOf = ({ route }: Decided) => (route === ownOrigin && each.behavior.origin !== undefined ? each.behavior.origin : route);
    return {
      ...each,
      before: routeOf(before),
      after: routeOf(after),
      isRewritten: before.changes !== after.changes,
      unseen: listUnseen(each.request, [...before.reads, ...after.reads]),
    };
  });
}

/** What the decisions may depend on and the log does not show. */
function listUnseen(request: LoggedRequest, reads: readonly string[]): string[] {
  const { ip, query, hasQuery, cookie, hasCountry, host, userAgent, referer } = request;
  const seen: Readonly<Record<string, boolean>> = {
    method: true,
    uri: true,
    ip: ip !== undefined,
    querystring: hasQuery || query !== undefined,
    cookies: cookie !== undefined,
    [countryRead]: hasCountry,
    'headers.host': host !== undefined,
    'headers.user-agent': userAgent !== undefined,
    'headers.referer': referer !== undefined,
  };
  return [...new Set(reads)].filter((name) => seen[name] !== true).sort();
}

const countryRead = 'headers.cloudfront-viewer-country';

/** Where a request's country comes from. */
type CountrySource = 'log' | 'location' | 'none';

/** One request with where both functions send it. */
interface Replayed {
  request: LoggedRequest;
  behavior: ReplayedBehavior;
  country: string | undefined;
  countryFrom: CountrySource;
  before: string;
  after: string;
  /** The functions change the request, or answer it, in different ways. */
  isRewritten: boolean;
  unseen: readonly string[];
}

/** Requests that move from one route to another. */
export interface Movement {
  /** Of the behavior: its path pattern, `default`, or the name of a service; `*` where none is known. */
  behavior: string;
  before: string;
  after: string;
  requests: number;
  /** By country, `-` where none is known. */
  countries: Record<string, number>;
  /** The first one. */
  example: string;
}

/** Requests that both functions treat alike as far as the log shows, while they read more than it shows. */
export interface Unproven {
  behavior: string;
  /**
   * By the names of a trace: `headers.x-tenant`, `cookies`, `key:flags`; `headers` for any header, `*` for anything.
   */
  unseen: string[];
  requests: number;
  /** By country, `-` where none is known. */
  countries: Record<string, number>;
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
  /** Requests that both functions treat alike. */
  unchanged: {
    /** Whatever the log does not show. */
    proven: number;
    /** If the country is the guessed one. */
    ifCountry: number;
    /** If headers, cookies and keys outside the log change nothing. */
    ifUnseen: number;
  };
  /** Requests on behaviors without the function. */
  notRouted: number;
  /** Requests whose first origin, or answer, differs. */
  rerouted: number;
  /** Requests with the same first origin and another fallback. */
  otherFallback: number;
  /** Requests with the same origins that the functions change, or answer, in different ways. */
  rewritten: number;
  /** The most requests first. */
  movements: Movement[];
  /** Unchanged requests without proof, the most first. */
  unproven: Unproven[];
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
  const unproven = new Map<string, Unproven>();
  const unchanged = { proven: 0, ifCountry: 0, ifUnseen: 0 };
  const examples: string[] = [];
  const damaged: string[] = [];
  let [requests, unreadable, rerouted, otherFallback, rewritten, notRouted, withoutAddress] = [0, 0, 0, 0, 0, 0, 0];

  function countMoved({ request, behavior: { name: behavior }, country, before, after }: Replayed): void {
    if (before === after) rewritten++;
    else if (firstOf(before) === firstOf(after)) otherFallback++;
    else rerouted++;
    const key = movements.size < maxMovements ? `${behavior}\n${before}\n${after}` : '';
    const movement = movements.get(key) ?? {
      behavior: key === '' ? '*' : behavior,
      before: key === '' ? 'other routes' : before,
      after: key === '' ? 'other routes' : before === after ? `${after}, rewritten in another way` : after,
      requests: 0,
      countries: {},
      example: [request.time, country ?? '-', request.method, request.uri.slice(0, 60)].filter((part) => part !== undefined).join(' '),
    };
    movements.set(key, movement);
    countOne(movement, country);
  }

  function countAlike({ behavior: { name: behavior }, country, countryFrom, unseen }: Replayed): void {
    const onlyCountry = unseen.every((name) => name === countryRead) && countryFrom === 'location';
    unchanged[unseen.length === 0 ? 'proven' : onlyCountry ? 'ifCountry' : 'ifUnseen']++;
    if (unseen.length === 0) return;
    const key = unproven.size < maxMovements ? `${behavior}\n${unseen.join()}` : '';
    const found = unproven.get(key) ?? {
      behavior: key === '' ? '*' : behavior,
      unseen: key === '' ? ['*'] : [...unseen],
      requests: 0,
      countries: {},
    };
    unproven.set(key, found);
    countOne(found, country);
  }

  function countOne(group: { requests: number; countries: Record<string, number> }, country = '-'): void {
    group.requests++;
    group.countries[country] = (group.countries[country] ?? 0) + 1;
  }

  return {
    add(replayed) {
      requests++;
      if (replayed.request.ip === undefined) withoutAddress++;
      countries[replayed.countryFrom]++;
      if (!replayed.behavior.isRouted) notRouted++;
      else if (replayed.before !== replayed.after || replayed.isRewritten) countMoved(replayed);
      else countAlike(replayed);
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
      unchanged,
      notRouted,
      rerouted,
      otherFallback,
      rewritten,
      movements: [...movements.values()].sort((a, b) => b.requests - a.requests),
      unproven: [...unproven.values()].sort((a, b) => b.requests - a.requests),
      unreadable,
      unreadableExamples: examples,
      damaged,
    }),
  };
}

function firstOf(route: string): string | undefined {
  return route.split(', then ')[0];
}
