import { Readable } from 'node:stream';

/**
 * A viewer's body for one attempt at an origin: reads the source only when it is asked to, and leaves it alone when it is destroyed, so that a failed attempt
 * costs the viewer neither its body nor its connection.
 */
export class BodyRelay extends Readable {
  /** True while the reader waits for the source. */
  isWaiting = false;
  /** Called when a part of the body, or its end, goes on to the reader. */
  onProgress: () => void = () => {};
  readonly #source: Readable;
  #isAttached = false;

  constructor(source: Readable) {
    super();
    this.#source = source;
  }

  override _read(): void {
    this.isWaiting = true;
    if (!this.#isAttached) {
      this.#isAttached = true;
      this.#source.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onError);
    }
    this.#source.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.isWaiting = false;
    if (this.#isAttached) {
      this.#source.off('data', this.#onData).off('end', this.#onEnd).off('error', this.#onError);
      // What nobody reads any more is dropped, so that the viewer gets to the end of its request and reads the answer.
      this.#source.on('error', () => {}).resume();
    }
    callback(error);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#progress();
    if (!this.push(chunk)) this.#source.pause();
  };

  readonly #onEnd = (): void => {
    this.#progress();
    this.push(null);
  };

  readonly #onError = (error: Error): void => {
    this.destroy(error);
  };

  #progress(): void {
    this.isWaiting = false;
    this.onProgress();
  }
}
