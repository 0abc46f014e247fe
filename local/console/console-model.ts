import { parseHealthRecord, weightAt } from '../../kvs/health-record.ts';
import type { EdgeRequestRecord } from '../edge/exchange.ts';
import type { ConsoleSource, FlipperNews, StoreStatus } from './console-source.ts';
import { describeFlip } from './describe-flip.ts';
import { RequestSample, TrafficWindow } from './traffic.ts';
import type { ConsoleBatch, ConsoleState, OriginState, SampledRequest, Second, TimelineEntry } from './wire.ts';
import { WorldWatch } from './world-watch.ts';

/** Requests that a page gets when it opens. */
const keptRequests = 40;

/** Without a change a batch is sent only this often: so that the page knows it is up to date. */
const beatMs = 1_000;

/** Probes of an origin that a page shows. */
const keptProbes = 24;

type Known = Pick<OriginState, 'verdict' | 'since' | 'why' | 'probe' | 'probes'>;

const nothingKnown: Known = { verdict: 'unknown', since: null, why: null, probe: null, probes: '' };

/** Everything that the pages show, of bounded size, and what of it is new. */
export class ConsoleModel {
  readonly #source: ConsoleSource;
  readonly #now: () => number;
  readonly #traffic: TrafficWindow;
  readonly #sample: RequestSample;
  readonly #timeline = new Timeline();
  readonly #world: WorldWatch;
  readonly #known = new Map<string, Known>();
  #requests: SampledRequest[] = [];
  #hold: string | undefined;
  #lastSequence: number | undefined;
  #faults = new Map<string, string | null>();
  #beatAt: number | null = null;
  #sentSeconds = '';
  #sentState = '';
  #sentAt = 0;

  constructor(source: ConsoleSource, { now, random }: { now: () => number; random: () => number }) {
    this.#source = source;
    this.#now = now;
    this.#traffic = new TrafficWindow(source.origins.map(({ id }) => id));
    this.#sample = new RequestSample(random);
    this.#world = new WorldWatch(source);
    for (const { id, fault } of source.origins) this.#faults.set(id, fault());
  }

  addRequest(record: EdgeRequestRecord): void {
    this.#traffic.add(record);
    this.#sample.add(record);
  }

  addNews(news: FlipperNews, at: number): void {
    if (news.kind === 'probe') this.#addProbe(news, at);
    else if (news.kind === 'hold') {
      this.#hold = news.text;
      if (news.text !== undefined) this.#timeline.add({ at, kind: 'hold', tone: 'plain', text: 'The flipper holds', detail: news.text });
    } else if (news.kind === 'note') this.#timeline.add({ at, kind: 'note', tone: news.tone, text: news.text, detail: null });
    else {
      const { origin, verdict, why } = news;
      this.#know(origin, { verdict, since: at, why: why ?? null });
      const tone = verdict === 'healthy' ? 'good' : verdict === 'unhealthy' ? 'bad' : 'plain';
      this.#timeline.add({ at, kind: 'verdict', tone, text: `${origin} is ${verdict}`, detail: why ?? null });
    }
  }

  #addProbe({ origin, opinion, text }: Extract<FlipperNews, { kind: 'probe' }>, at: number): void {
    const { probe, probes } = this.#known.get(origin) ?? nothingKnown;
    const before = probe?.badInRow ?? 0;
    const badInRow = opinion === 'bad' ? before + 1 : opinion === 'none' ? before : 0;
    this.#beatAt = at;
    this.#know(origin, { probe: { at, opinion, text, badInRow }, probes: (probes + opinion.charAt(0)).slice(-keptProbes) });
    if (badInRow === 1 && opinion === 'bad')
      this.#timeline.add({ at, kind: 'verdict', tone: 'warn', text: `${origin}: first bad probe`, detail: text });
  }

  /** Whether the map has its first answer. */
  get hasWorld(): boolean {
    return this.#world.world !== undefined;
  }

  /** Runs the function for every country again if its decisions may have changed. */
  checkWorld(then: () => void): void {
    void this.#world.check(this.#now(), then);
  }

  /** What is new since the last batch; undefined when nothing is. */
  takeBatch(): ConsoleBatch | undefined {
    const now = this.#now();
    const state = this.#readState(now);
    const stateText = JSON.stringify(state);
    const world = this.#world.takeNew();
    const seconds = this.#takeSeconds();
    const { requests, more } = this.#sample.take();
    const timeline = this.#timeline.takeNew();
    this.#requests = [...this.#requests, ...requests].slice(-keptRequests);
    const batch: ConsoleBatch = {
      now,
      ...(stateText !== this.#sentState && { state }),
      ...(world && { world }),
      ...(seconds.length > 0 && { seconds }),
      ...(requests.length > 0 && { requests, more }),
      ...(timeline.length > 0 && { timeline }),
    };
    if (Object.keys(batch).length === 1 && now - this.#sentAt < beatMs) return undefined;
    this.#sentState = stateText;
    this.#sentAt = now;
    return batch;
  }

  /** Everything, for a new page. */
  freshBatch(): ConsoleBatch {
    const now = this.#now();
    const world = this.#world.currentAt(now);
    return {
      now,
      fresh: true,
      state: this.#readState(now),
      ...(world && { world }),
      seconds: this.#source.more?.seconds() ?? this.#traffic.all(),
      requests: this.#requests,
      more: 0,
      timeline: this.#timeline.all(),
    };
  }

  #know(origin: string, what: Partial<Known>): void {
    const known = this.#known.get(origin) ?? nothingKnown;
    this.#known.set(origin, { ...known, ...what });
  }

  /** The seconds that changed. A log or CloudWatch has few: they are sent together. */
  #takeSeconds(): readonly Second[] {
    const { more } = this.#source;
    if (more === undefined) return this.#traffic.takeChanged();
    const all = more.seconds();
    const text = JSON.stringify(all);
    const isNew = text !== this.#sentSeconds;
    this.#sentSeconds = text;
    return isNew ? all : [];
  }

  #readState(now: number): ConsoleState {
    const { target, edge, origins, locations, replica, published, storeArn, healthKey, author, hasFlipper, more } = this.#source;
    const status = this.#source.status(published.store(storeArn) ?? new Map(), now);
    this.#noteFlips(status.lastFlips, now);
    this.#noteFaults(now);
    const copies = locations.map((name, location) => ({ name, record: replica.read(storeArn, location)?.values.get(healthKey) ?? null }));
    const atEdge = locations.length === 0 ? status.record : (copies[0]?.record ?? '');
    const entries = replica.faults?.failReads ? [] : (parseHealthRecord(atEdge) ?? []);
    const stored = new Map(status.origins.map((origin) => [origin.id, origin]));
    return {
      target,
      edge,
      origins: origins.map(({ id, region, port, fault }) => ({
        id,
        region,
        port,
        fault: fault(),
        ...this.#knownOf(id, stored.get(id)),
        storeWeight: stored.get(id)?.weight ?? 100,
        edgeWeight: weightAt(entries, id, now / 1_000),
      })),
      record: status.record,
      isReadable: status.isReadable,
      edited: status.edited,
      override: status.override ?? null,
      locations: copies,
      settlesAt: replica.settlesAt(storeArn) ?? null,
      replica: replica.faults && { ...replica.faults },
      flipper: { running: hasFlipper, beatAt: this.#beatAt, everyMs: this.#source.probeEveryMs, hold: this.#hold ?? null },
      viewers: this.#source.viewers(),
      stepMs: more?.stepMs ?? 1_000,
      calls: more?.calls() ?? null,
      hints: more?.hints() ?? [],
      logs: more?.logs() ?? [],
      readAt: more?.readAt() ?? null,
      author,
    };
  }

  /** The flipper's own news count before its verdict in the store, which is as old as its last write. */
  #knownOf(id: string, stored: StoreStatus['origins'][number] | undefined): Known {
    const known = this.#known.get(id) ?? nothingKnown;
    if (known.verdict !== 'unknown' || stored === undefined) return known;
    return { ...known, verdict: stored.verdict, since: stored.since ?? null };
  }

  #noteFlips(flips: StoreStatus['lastFlips'], now: number): void {
    const origins = this.#source.origins.map(({ id }) => id);
    for (const flip of flips.toReversed())
      if (flip.sequence > (this.#lastSequence ?? 0)) this.#timeline.add(describeFlip(flip, origins, now));
    this.#lastSequence = Math.max(flips[0]?.sequence ?? 0, this.#lastSequence ?? 0);
  }

  #noteFaults(at: number): void {
    for (const { id, fault } of this.#source.origins) {
      const now = fault();
      if (now === this.#faults.get(id)) continue;
      this.#faults.set(id, now);
      if (now === null) continue;
      const isRestored = now === 'none';
      this.#timeline.add({
        at,
        kind: 'fault',
        tone: isRestored ? 'good' : 'bad',
        text: isRestored ? `${id} is restored` : `${id} breaks: ${now}`,
        detail: null,
        mark: isRestored ? `${id} restored` : `${id} breaks`,
      });
    }
  }
}

const keptEntries = 200;

/** The latest events, the oldest first. */
class Timeline {
  #entries: TimelineEntry[] = [];
  #lastId = 0;
  #takenId = 0;

  add(entry: Omit<TimelineEntry, 'id'>): void {
    this.#lastId += 1;
    this.#entries.push({ id: this.#lastId, ...entry });
    if (this.#entries.length > keptEntries) this.#entries.shift();
  }

  /** The entries since the last call. */
  takeNew(): TimelineEntry[] {
    const added = this.#entries.filter(({ id }) => id > this.#takenId);
    this.#takenId = this.#lastId;
    return added;
  }

  all(): readonly TimelineEntry[] {
    return this.#entries;
  }
}
