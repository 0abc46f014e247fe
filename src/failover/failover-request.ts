import { duration, type Option, percent, text } from '../cli/option.ts';
import { maxOverrideMs } from '../core/flip.ts';
import { EdgeError } from '../errors.ts';
import { parseIntent, type WriteIntent } from './failover-intent.ts';

/** An operator's move as a form sends it. */
export interface FailoverRequest {
  intent: WriteIntent;
  /** Undefined when the form does not say: the sender is then named. */
  by: string | undefined;
  /** False: only show what it would do. */
  write: boolean;
  /** The override that the operator saw when the plan was shown, as `describeOverride` puts it; undefined when nothing is known about it. */
  seen: string | undefined;
}

/** The fields of the form, held to the rules of the command line's options of these names. */
const fields = {
  for: duration('', { maxMs: maxOverrideMs }),
  reason: text(''),
  weight: percent(''),
  'break-glass': text(''),
  by: text(''),
} as const;

/** The request in a JSON body, whose fields are texts: `command`, `origin` and those of `failover`'s options; an empty one is absent. USAGE or ORIGIN_UNKNOWN otherwise. */
export function parseFailoverRequest(body: string, origins: readonly string[], now: number): FailoverRequest {
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
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw new EdgeError('USAGE', 'the body is not a JSON object');
  const entries = Object.entries(raw);
  const odd = entries.find(([, value]) => typeof value !== 'string');
  if (odd !== undefined) throw new EdgeError('USAGE', `${odd[0]} takes a text`);
  return Object.fromEntries(entries.filter(([, value]) => (value as string).trim() !== '')) as Record<string, string>;
}
