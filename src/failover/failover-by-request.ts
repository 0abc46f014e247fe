import type { Io } from '../cli/io.ts';
import { flipKeys } from '../core/flip.ts';
import { overrideInForce, parseLiveRecord } from '../core/live-record.ts';
import { EdgeError } from '../errors.ts';
import { failover } from './failover.ts';
import { parseFailoverRequest } from './failover-request.ts';
import type { FailoverTools } from './failover-tools.ts';

/** What became of a request, for a page. */
export type FailoverAnswer =
  | {
      written: boolean;
      /** There is a plan that waits for a yes: `write`. */
      asks: boolean;
      /** What `failover` says on a terminal. */
      lines: string[];
      /** The override in force when the plan was made; to be sent along with the write. */
      seen: string;
    }
  | { problems: string[]; hint: string | null; code: string; lines: string[] };

export interface ByRequestOptions {
  tools: Omit<FailoverTools, 'yes' | 'verify' | 'verifyTimeoutMs' | 'edge' | 'watchMs'>;
  now: () => number;
  signal: AbortSignal;
}

/**
 * `failover`, asked by a page: the same plan, the same refusals, the same write. Without `write` in the body the plan is shown and nothing is written. The edge is not
 * asked afterwards: whoever asks by a page watches the edge there. Never rejects for what an operator can act on.
 */
export async function failoverByRequest(body: string, { tools, now, signal }: ByRequestOptions): Promise<FailoverAnswer> {
  const lines: string[] = [];
  try {
    const { intent, by, write, seen } = parseFailoverRequest(body, tools.origins, now());
    const override = await describeOverride(tools, now());
    if (write && seen !== undefined && seen !== override)
      throw new EdgeError('CONFLICT', 'the override is not the one shown any more: nothing was written', {
        hint: 'look at the plan again',
      });
    const asked = {
      ...tools,
      by: by ?? tools.by,
      yes: write,
      verify: false,
      verifyTimeoutMs: 0,
      edge: undefined,
      watchMs: 0,
    };
    let wasAsked = false;
    const onQuestion = () => {
      wasAsked = true;
    };
    const io = recordIo(lines, { now, signal, onQuestion });
    const code = await failover(intent, asked, io);
    // What is said of an unanswered question is not news to who asked for the plan only.
    if (wasAsked) lines.pop();
    return { written: write && code === 0, asks: wasAsked, lines, seen: override };
  } catch (error) {
    if (!(error instanceof EdgeError)) throw error;
    return { problems: [error.message], hint: error.hint ?? null, code: error.code, lines };
  }
}

async function describeOverride({ store }: Pick<FailoverTools, 'store'>, now: number): Promise<string> {
  const { values } = await store.read(flipKeys);
  return JSON.stringify(overrideInForce(parseLiveRecord(values, now)) ?? 'none');
}

/** A terminal that keeps what is said and answers no question with yes. */
function recordIo(lines: string[], { now, signal, onQuestion }: { now: () => number; signal: AbortSignal; onQuestion: () => void }): Io {
  const say = (line: string) => void lines.push(line);
  const result = (_value: unknown, said: readonly string[]) => void lines.push(...said);
  return {
    stdout: say,
    stderr: say,
    progress: () => undefined,
    result,
    redraw: result,
    confirm: async () => {
      onQuestion();
      return false;
    },
    outlivesReaders: false,
    env: {},
    isTerminal: true,
    columns: 80,
    colour: false,
    json: false,
    signal,
    stopCode: 130,
    now,
  };
}
