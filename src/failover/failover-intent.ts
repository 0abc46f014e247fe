import { refuseUnknownOrigin } from '../config/origin-names.ts';
import type { Flip } from '../core/flip.ts';
import { EdgeError } from '../errors.ts';
import { typed } from '../text/typed.ts';
import type { ReportRequest } from './report.ts';

/** What the operator asks for. */
export type Intent =
  | { command: 'status'; watch: boolean }
  | { command: 'history' }
  | { command: 'report'; request: ReportRequest }
  | WriteIntent;

/** `to` and `drain` make an override, `auto` ends it. */
export interface WriteIntent {
  command: 'to' | 'drain' | 'auto';
  flip: Exclude<Flip, { kind: 'automatic' | 'edit' }>;
  reason: string;
}

export interface IntentValues {
  for: number | undefined;
  reason: string | undefined;
  weight: number | undefined;
  'break-glass': string | undefined;
  watch: boolean;
  source?: string | undefined;
  ttl?: number | undefined;
}

export const failoverCommands = ['status', 'to', 'drain', 'auto', 'report', 'history'] as const;

type Command = (typeof failoverCommands)[number];

/** Which command takes which option; every command takes those that are not listed. */
const optionsOf: Readonly<Record<keyof IntentValues | 'yes', readonly Command[]>> = {
  for: ['to', 'drain'],
  reason: ['to', 'drain', 'auto', 'report'],
  weight: ['drain'],
  'break-glass': ['to', 'drain'],
  watch: ['status'],
  yes: ['to', 'drain', 'auto', 'report'],
  source: ['report'],
  ttl: ['report'],
};

/**
 * The intent of a command line; USAGE or ORIGIN_UNKNOWN when it is not clear. `now` is epoch milliseconds, `origins`
 * are those of edge.config.ts.
 */
export function parseIntent(
  positionals: readonly string[],
  values: IntentValues & { yes: boolean },
  origins: readonly string[],
  now: number,
): Intent {
  const command = failoverCommands.find((known) => known === positionals[0]) ?? 'status';
  const [, origin, opinion] = positionals;
  for (const [name, commands] of Object.entries(optionsOf)) {
    const given = values[name as keyof typeof optionsOf];
    if (given !== undefined && given !== false && !commands.includes(command))
      throw misuse(`${command} does not take --${name}`, `only with ${commands.join(', ')}`);
  }
  const takesOrigin = command === 'to' || command === 'drain' || command === 'report';
  if (opinion !== undefined && command !== 'report') throw misuse(`${command} takes no opinion, found ${JSON.stringify(opinion)}`);
  if (!takesOrigin && origin !== undefined) throw misuse(`${command} takes no origin, found ${JSON.stringify(origin)}`);
  if (command === 'status') return { command, watch: values.watch };
  if (command === 'history') return { command };
  const reason = values.reason;
  if (!takesOrigin) {
    if (reason === undefined) throw misuse('--reason is missing', `${command} --reason "ALB has recovered"`);
    return { command, flip: { kind: 'clear' }, reason };
  }
  if (origin === undefined) throw misuse(`${command} needs an origin`, `origins: ${origins.join(', ')}`);
  refuseUnknownOrigin(origin, origins);
  if (command === 'report') return { command, request: parseReport(origin, opinion, values, now) };
  if (values.for === undefined) throw misuse('--for is missing: an override always ends', `${command} ${origin} --for 2h, at most 72h`);
  if (reason === undefined) throw misuse('--reason is missing: the audit keeps it', `${command} ${origin} --reason "ALB 5xx"`);
  const weights =
    command === 'to' ? Object.fromEntries(origins.map((id) => [id, id === origin ? 100 : 0])) : { [origin]: values.weight ?? 0 };
  const breakGlass = values['break-glass'];
  return {
    command,
    flip: { kind: 'override', weights, until: now + values.for, ...(breakGlass === undefined ? {} : { breakGlass }) },
    reason,
  };
}

function parseReport(origin: string, opinion: string | undefined, { source, ttl, reason = '' }: IntentValues, now: number): ReportRequest {
  if (opinion !== 'healthy' && opinion !== 'unhealthy')
    throw misuse(`report: say whether ${origin} is healthy or unhealthy`, `report ${origin} unhealthy --source prometheus --ttl 10m`);
  if (source === undefined)
    throw misuse(
      '--source is missing: edge.config.ts names the sources that may report',
      `report ${origin} ${opinion} --source prometheus`,
    );
  if (ttl === undefined) throw misuse('--ttl is missing: an opinion always ends', `report ${origin} ${opinion} --ttl 10m, at most 1h`);
  return { origin, opinion, source, ttlMs: ttl, reason, at: now };
}

function misuse(message: string, hint = `${typed('failover --')} --help`): EdgeError {
  return new EdgeError('USAGE', message, { hint });
}
