import { duration, type Option, percent, text } from '../../src/cli/option.ts';
import { maxOverrideMs } from '../../src/core/flip.ts';
import { EdgeError } from '../../src/errors.ts';
import { type FailoverTools, moveViewers, readOverride } from '../../src/failover/failover.ts';
import { parseIntent, type WriteIntent } from '../../src/failover/failover-intent.ts';
import { formatMove, formatMoveNote, formatMovePlan } from '../../src/failover/format-failover.ts';
import { describeMovePlan, type PlanDescription } from '../../src/failover/plan-failover.ts';
import { isRecord } from '../../src/text/is-record.ts';

/** What became of a form, for a page. */
export type FormAnswer =
  | {
      written: boolean;
      /** There is a plan that waits for a yes: `write`. */
      asks: boolean;
      plan: PlanDescription | null;
      /** What `failover` prints on a terminal. */
      lines: string[];
      /** Those of them that came after the plan. */
      result: string[];
      /** The override in force when the plan was made; to be sent along with the write. */
      seen: string;
    }
  | { problems: string[]; hint: string | null; code: string; plan: PlanDescription | null; lines: string[] };

export interface FormTools extends Omit<FailoverTools, 'verify' | 'verifyTimeoutMs' | 'edge'> {
  /** Of the AWS credentials: the audit has it beside every name that the form gives. Default: none. */
  identity?: string | undefined;
}

/**
 * `failover` for the form of a page: the same plan, refusals, write and notifications. Without `write` in the body
 * nothing is written. The edge is not asked afterwards, since the page shows it. Never rejects for what an operator can
 * act on.
 */
export async function answerForm(body: string, tools: FormTools): Promise<FormAnswer> {
  const lines: string[] = [];
  let plan: PlanDescription | null = null;
  try {
    const { intent, by, write, seen } = parseForm(body, tools.origins, tools.now());
    const override = await readOverride(tools);
    if (write && seen !== undefined && seen !== override)
      throw new EdgeError('CONFLICT', 'the override has changed since the plan was shown: nothing was written', {
        hint: 'check the plan again',
      });
    const { identity, ...rest } = tools;
    const name = by ?? tools.by;
    const author = identity === undefined ? name : `${name} (${identity})`;
    const sent: FailoverTools = { ...rest, by: author, verify: false, verifyTimeoutMs: 0, edge: undefined };
    const result = await moveViewers(intent, sent, {
      show: (shown) => {
        plan = describeMovePlan(shown);
        lines.push(...formatMovePlan(shown, { now: tools.now(), audiences: tools.audiences, colour: false }));
      },
      confirm: async () => write,
      note: (note) => void lines.push(`note: ${formatMoveNote(note)}`),
      progress: () => undefined,
    });
    const after = result.outcome === 'declined' ? [] : formatMove(result, { now: tools.now() });
    lines.push(...after);
    return { written: result.outcome === 'written', asks: result.outcome === 'declined', plan, lines, result: after, seen: override };
  } catch (error) {
    if (!(error instanceof EdgeError)) throw error;
    return { problems: [error.message], hint: error.hint ?? null, code: error.code, plan, lines };
  }
}

/** An operator's move as a form sends it. */
interface FailoverForm {
  intent: WriteIntent;
  /** Undefined when the form does not name an author: the tools' author is then named. */
  by: string | undefined;
  /** False: only show what it would do. */
  write: boolean;
  /** The override that the operator saw when the plan was shown, as `readOverride` puts it. */
  seen: string | undefined;
}

/** The fields of the form follow the rules of the command line's options of the same names. */
const fields = {
  for: duration('', { maxMs: maxOverrideMs }),
  reason: text(''),
  weight: percent(''),
  'break-glass': text(''),
  by: text(''),
} as const;

/**
 * The move in a JSON body of texts: `command`, `origin` and the names of `failover`'s options. An empty text counts as
 * absent. USAGE or ORIGIN_UNKNOWN otherwise.
 */
export function parseForm(body: string, origins: readonly string[], now: number): FailoverForm {
  const given = parseTexts(body);
  const read = <T>(name: keyof typeof fields, option: Option<T>): T => {
    const found = given[name];
    if (found === undefined) return option.absent;
    const parsed = option.parse(found);
    if ('problem' in parsed) throw new EdgeError('USAGE', `${name} ${parsed.problem}`);
    return parsed.value;
  };
  const { command = '', origin } = given;
  if (!['to', 'drain', 'auto'].includes(command))
    throw new EdgeError('USAGE', `command takes to, drain or auto, found ${JSON.stringify(command)}`);
  const values = {
    for: read('for', fields.for),
    reason: read('reason', fields.reason),
    weight: read('weight', fields.weight),
    'break-glass': read('break-glass', fields['break-glass']),
    watch: false,
    yes: false,
  };
  const intent = parseIntent(origin === undefined ? [command] : [command, origin], values, origins, now) as WriteIntent;
  return { intent, by: read('by', fields.by), write: given['write'] === 'yes', seen: given['seen'] };
}

function parseTexts(body: string): Record<string, string> {
  let raw: unknown;
  try {
    raw = JSON.parse(body);
  } catch {
    throw new EdgeError('USAGE', 'the body is not JSON');
  }
  if (!isRecord(raw)) throw new EdgeError('USAGE', 'the body is not a JSON object');
  const entries = Object.entries(raw);
  const odd = entries.find(([, value]) => typeof value !== 'string');
  if (odd !== undefined) throw new EdgeError('USAGE', `${odd[0]} takes a text`);
  return Object.fromEntries(entries.filter(([, value]) => (value as string).trim() !== '')) as Record<string, string>;
}
