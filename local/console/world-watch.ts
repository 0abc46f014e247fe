import { parseHealthRecord, weightAt } from '../../kvs/health-record.ts';
import type { ConsoleSource } from './console-source.ts';
import type { WorldState } from './wire.ts';

type Watched = Pick<ConsoleSource, 'origins' | 'replica' | 'published' | 'storeArn' | 'healthKey' | 'functionArn' | 'survey'>;

/**
 * Keeps the map's answer. Runs the LIVE function for every country when the code, the edge's copy of the record or its
 * expired entries have changed. One run at a time.
 */
export class WorldWatch {
  readonly #source: Watched;
  #askedFor: string | undefined;
  #asking = false;
  #world: WorldState | undefined;
  #isNew = false;

  constructor(source: Watched) {
    this.#source = source;
  }

  /** The newest answer; undefined before the first. */
  get world(): WorldState | undefined {
    return this.#world;
  }

  /** The newest answer if it is up to date; undefined otherwise. */
  currentAt(now: number): WorldState | undefined {
    return !this.#asking && this.#question(now).key === this.#askedFor ? this.#world : undefined;
  }

  /** The newest answer, if it is newer than the last call. */
  takeNew(): WorldState | undefined {
    const world = this.#isNew ? this.#world : undefined;
    this.#isNew = false;
    return world;
  }

  /** Runs the function if anything has changed and calls `then` when there is an answer. Never rejects. */
  async check(now: number, then: () => void = () => undefined): Promise<void> {
    if (this.#asking) return;
    const { live, record, failReads, key } = this.#question(now);
    if (key === this.#askedFor) return;
    this.#askedFor = key;
    this.#asking = true;
    try {
      if (live === undefined) this.#world = { audiences: [], sha256: null, problem: 'no function is LIVE' };
      else {
        const audiences = await this.#source.survey({ source: live, record, failReads, now });
        this.#world = { audiences, sha256: live.sha256, problem: null };
      }
    } catch (error) {
      this.#world = { audiences: [], sha256: live?.sha256 ?? null, problem: (error as Error).message };
    }
    this.#asking = false;
    this.#isNew = true;
    then();
  }

  /** The present question. `key` changes whenever the answer may change. */
  #question(now: number) {
    const { replica, published, storeArn, healthKey, functionArn, origins } = this.#source;
    const arn = functionArn();
    const live = arn === undefined ? undefined : published.liveFunction(arn);
    const view = replica.read(storeArn, 0);
    const record = view?.values.get(healthKey);
    const failReads = view?.failReads === true;
    const entries = parseHealthRecord(record ?? '') ?? [];
    const weights = origins.map(({ id }) => weightAt(entries, id, now / 1_000));
    return { live, record, failReads, key: JSON.stringify([live?.sha256, failReads, record, weights]) };
  }
}
