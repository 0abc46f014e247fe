import type { ConsoleBatch } from '../wire.ts';
import { byId, setAttribute, setText } from './elements.ts';
import { FailoverForm } from './failover-form.ts';
import { describeHeadline } from './headline.ts';
import { OriginsView } from './origins-view.ts';
import { applyBatch, emptyModel } from './page-model.ts';
import { RecordView } from './record-view.ts';
import { RequestsView } from './requests-view.ts';
import { listen } from './server.ts';
import { TimelineView } from './timeline-view.ts';
import { TopView } from './top-view.ts';
import { TrafficView } from './traffic-view.ts';
import { WorldView } from './world-view.ts';

const top = new TopView();
const world = new WorldView();
const origins = new OriginsView();
const record = new RecordView();
const form = new FailoverForm();
const traffic = new TrafficView();
const timeline = new TimelineView();
const requests = new RequestsView();

const marks = { good: '✓', warn: '!', bad: '✕', wait: '…' } as const;

let model = emptyModel;

// Not every browser lets the keyboard scroll what cannot be focused.
for (const scroller of document.querySelectorAll<HTMLElement>('.scroll')) scroller.tabIndex = 0;

function take(batch: ConsoleBatch): void {
  model = applyBatch(model, batch, Date.now());
  const isFresh = batch.fresh === true;
  requests.add(batch.requests ?? [], model.more, isFresh);
  timeline.show(model.timeline, isFresh);
  if (model.state === undefined) return;
  if (batch.world !== undefined && model.world !== undefined) void world.show(model.world, model.state);
  if (batch.state !== undefined) form.show(model.state);
  showMoment();
}

/** What depends on the time as well. */
function showMoment(): void {
  const { state, seconds } = model;
  if (state === undefined) return;
  const now = Date.now() + model.clockOffset;
  const { tone, text, detail } = describeHeadline(state, model.world, seconds, now);
  setAttribute(byId('headline'), 'data-tone', tone);
  setText(byId('headline-mark'), marks[tone]);
  setText(byId('headline-text'), text);
  setText(byId('headline-detail'), detail);
  setText(document.querySelector('title') ?? document.head, `${marks[tone]} ${text}`);
  top.show(state, now);
  world.showPins(state);
  byId('requests').hidden = !state.target.isLocal;
  origins.show(state, seconds, now);
  record.show(state, now);
  traffic.show(state, seconds, model.timeline, now);
}

listen({
  onBatch: take,
  onLost: (sinceMs) => {
    const place = byId('connection');
    place.hidden = sinceMs === undefined;
    setText(
      place,
      sinceMs === undefined ? '' : 'Connection to the console lost: what you see is old. Trying again; does its command still run?',
    );
    if (sinceMs !== undefined) setAttribute(byId('headline'), 'data-tone', 'wait');
  },
});
