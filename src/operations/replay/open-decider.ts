import { healthKey } from '../../../kvs/keys.ts';
import type { Asked } from '../explain/ask-function.ts';
import { readDecision } from '../explain/decision.ts';
import { runAll } from '../explain/run-all.ts';
import { DecisionMemo } from './decision-memo.ts';
import { readTrace, traceFunction } from './trace-function.ts';
import { buildLoggedEvent, type VisibleRequest } from './visible-request.ts';

/** Says where a function sends requests, running it as seldom as can be. */
export interface Decider {
  /** One route for each request, such as `singapore, then europe`. */
  decide(requests: readonly VisibleRequest[]): Promise<string[]>;
  /** Runs so far. */
  runs(): number;
}

// A few runs often answer for all requests of a log; where each request needs its own, starting the engine anew for few of them would cost most.
const smallestBatch = 16;
const largestBatch = 4_000;

/** Opens nothing by itself: the runtime of `asked` is the caller's. */
export function openDecider({ runtime, source, now }: Asked, record: string): Decider {
  const traced = traceFunction(source);
  const memo = new DecisionMemo();
  const store = { values: new Map([[healthKey, record]]), version: record };
  let runs = 0;
  let batch = smallestBatch;

  async function learn(requests: readonly VisibleRequest[]): Promise<void> {
    const events = requests.map(buildLoggedEvent);
    const inputs = events.map((event) => ({ source: traced ?? source, event, store, now }));
    runs += inputs.length;
    for (const [index, execution] of (await runAll(runtime, inputs)).entries()) {
      const [visible, event] = [requests[index], events[index]];
      if (visible === undefined || event === undefined) continue;
      // A run that does not tell what it read may have read everything.
      const reads = readTrace(execution.logs) ?? [...visible.keys()];
      memo.keep(visible, reads, readDecision(execution, event).route);
    }
  }

  return {
    runs: () => runs,
    decide: async (requests) => {
      const routes = requests.map((visible) => memo.find(visible));
      let open = routes.flatMap((route, index) => (route === undefined ? [index] : []));
      while (open.length > 0) {
        const asked = open.slice(0, batch);
        await learn(asked.map((index) => requests[index] as VisibleRequest));
        const left = open.length - asked.length;
        open = open.filter((index) => {
          routes[index] = memo.find(requests[index] as VisibleRequest);
          return routes[index] === undefined;
        });
        const answeredByOthers = left - open.length;
        batch = answeredByOthers > left / 2 ? smallestBatch : Math.min(largestBatch, batch * 4);
      }
      return routes as string[];
    },
  };
}
