import type { ConsoleState } from '../wire.ts';
import { byId, setAttribute, setText } from './elements.ts';
import { formatSpan } from './serving.ts';

/** A heart is late after this many beats, and has stopped after three times as many. */
const lateBeats = 3;

/** The bar at the top: what is shown, the flipper's heartbeat, what AWS was asked, the clock. */
export class TopView {
  readonly #dot = document.querySelector('.beat-dot') as HTMLElement;
  #beatAt: number | null = null;

  show(state: ConsoleState, now: number): void {
    const { target, calls } = state;
    setText(byId('target'), target.isLocal ? 'LOCAL' : target.name);
    setAttribute(byId('target'), 'data-target', target.isLocal ? 'local' : 'account');
    const place = target.account === null ? `store ${target.store}` : `account ${target.account}, store ${target.store}`;
    setText(byId('target-detail'), target.mayWrite ? place : `${place}, read-only`);
    setText(byId('clock'), `${new Date(now).toISOString().slice(11, 19)} UTC`);
    byId('calls').hidden = calls === null;
    if (calls !== null) {
      setText(byId('calls'), `${calls.count.toLocaleString('en')} AWS calls, $${calls.usd.toFixed(4)}`);
      setAttribute(byId('calls'), 'title', calls.detail);
    }
    const { tone, text } = describeBeat(state, now);
    setAttribute(byId('beat'), 'data-tone', tone);
    setText(byId('beat-text'), text);
    if (state.flipper.beatAt !== this.#beatAt) this.#pulse();
    this.#beatAt = state.flipper.beatAt;
  }

  /** Restarts the animation. */
  #pulse(): void {
    this.#dot.classList.remove('now');
    void this.#dot.offsetWidth;
    this.#dot.classList.add('now');
  }
}

/** The flipper's heartbeat in words. Pure. */
function describeBeat({ flipper, target }: Pick<ConsoleState, 'flipper' | 'target'>, now: number): { tone: string; text: string } {
  const { running, beatAt, everyMs } = flipper;
  if (!running)
    return target.isLocal
      ? { tone: 'warn', text: 'no flipper' }
      : { tone: 'good', text: `probed from here every ${formatSpan(everyMs ?? 0)}` };
  if (beatAt === null) return { tone: 'wait', text: 'flipper starts' };
  const age = Math.max(0, now - beatAt);
  // Whole seconds that change with each probe would flicker at one probe a second.
  const beats = everyMs === null ? 0 : age / Math.max(everyMs, 2_000);
  if (beats > 3 * lateBeats) return { tone: 'bad', text: `flipper silent for ${formatSpan(age)}` };
  if (beats > lateBeats) return { tone: 'warn', text: `flipper late, last probe ${formatSpan(age)} ago` };
  return { tone: 'good', text: everyMs === null ? 'flipper probes' : `flipper probes every ${formatSpan(everyMs)}` };
}
