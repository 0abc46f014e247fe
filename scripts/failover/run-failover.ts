import { askToWrite } from '../../src/cli/ask-to-write.ts';
import type { Io } from '../../src/cli/io.ts';
import type { ReportedPlace } from '../../src/core/reports.ts';
import { EdgeError } from '../../src/errors.ts';
import { type FailoverTools, moveViewers } from '../../src/failover/failover.ts';
import type { Intent, WriteIntent } from '../../src/failover/failover-intent.ts';
import { readFlipHistory, readStatus, type StatusContext } from '../../src/failover/failover-status.ts';
import {
  formatFlips,
  formatMove,
  formatMoveNote,
  formatMovePlan,
  formatMoveProgress,
  formatStatus,
  formatWatchTitle,
  type StatusLook,
} from '../../src/failover/format-failover.ts';
import { formatReport, type ReportRequest, storeReport } from '../../src/failover/report.ts';
import { formatDuration, formatUtc } from '../../src/text/time.ts';

export interface FailoverCommand extends Omit<FailoverTools, 'now' | 'signal'>, Omit<StatusContext, 'now'> {
  /** Where it writes, for the question. */
  target: string;
  /** Write without asking. */
  yes: boolean;
  /** Between two redraws of `status --watch`. Each costs an API call. */
  watchMs: number;
  /** What the reads of `status --watch` cost an hour; undefined where they cost nothing. */
  usdPerHour?: number | undefined;
  /** Whose reports a signal takes. Default none. */
  places?: readonly ReportedPlace[];
}

/** Does what the operator asks for and prints it; returns the exit code. */
export async function runFailover(intent: Intent, command: FailoverCommand, io: Io): Promise<number> {
  if (intent.command === 'status') return intent.watch ? watchStatus(command, io) : showStatus(command, io);
  if (intent.command === 'history') return showHistory(command, io);
  if (intent.command === 'report') return report(intent.request, command, io);
  return move(intent, command, io);
}

async function move(intent: WriteIntent, command: FailoverCommand, io: Io): Promise<number> {
  const { now, signal } = io;
  const result = await moveViewers(
    intent,
    { ...command, now, signal },
    {
      show: (plan) => {
        for (const line of formatMovePlan(plan, { now: now(), audiences: command.audiences, colour: io.colour })) io.stderr(line);
      },
      confirm: () => askToWrite(io, command.yes, 'write this', command.target),
      note: (note) => io.stderr(`note: ${formatMoveNote(note)}`),
      progress: (progress) => io.progress(formatMoveProgress(progress)),
    },
  );
  if (result.outcome === 'declined') {
    for (const line of formatMove(result, { now: now(), verbose: io.verbose })) io.stderr(line);
    return 1;
  }
  const { outcome, ...rest } = result;
  io.result({ written: outcome === 'written', ...rest }, formatMove(result, { now: now(), verbose: io.verbose }));
  return 0;
}

/** A report moves no viewer, but it is a vote that may make a flipper do so. */
async function report(request: ReportRequest, command: FailoverCommand, io: Io): Promise<number> {
  if (!(await askToWrite(io, command.yes, 'write this report', command.target))) {
    io.stderr('nothing was written');
    return 1;
  }
  const { outcome, ...rest } = await storeReport(request, { store: command.store, places: command.places ?? [], now: io.now });
  io.result({ written: outcome === 'written', outcome, ...rest }, formatReport({ outcome, ...rest }, io.now()));
  return 0;
}

async function showStatus(command: FailoverCommand, io: Io): Promise<number> {
  const status = await readStatus(command.store, { ...command, now: io.now });
  io.result(status, formatStatus(status, lookOf(command, io)));
  return 0;
}

function lookOf({ target }: FailoverCommand, { colour, verbose }: Io): StatusLook {
  return { where: target, colour, verbose };
}

/**
 * A moment's failure is shown in the place of the status: an operator who watches an outage must not have to start
 * again.
 */
async function watchStatus(command: FailoverCommand, io: Io): Promise<number> {
  while (!io.signal.aborted) {
    try {
      const status = await readStatus(command.store, { ...command, now: io.now });
      const title = formatWatchTitle({ at: status.at, everyMs: command.watchMs, usdPerHour: command.usdPerHour });
      io.redraw(status, [title, '', ...formatStatus(status, lookOf(command, io))]);
    } catch (error) {
      if (io.signal.aborted) break;
      if (!(error instanceof EdgeError)) throw error;
      io.redraw({ error: { code: error.code, message: error.message } }, [
        `error: ${error.message}`,
        `failover status at ${formatUtc(io.now(), io.now())}, trying again in ${formatDuration(command.watchMs)}`,
      ]);
    }
    await command.sleep(command.watchMs).catch((error: unknown) => {
      if (!io.signal.aborted) throw error;
    });
  }
  return 0;
}

async function showHistory({ store }: FailoverCommand, io: Io): Promise<number> {
  const { flips, gaps } = await readFlipHistory(store);
  io.result({ flips, gaps }, flips.length === 0 ? ['no flips yet'] : formatFlips(flips, { now: io.now(), verbose: io.verbose }));
  for (const gap of gaps) io.stderr(`note: flip #${gap} does not follow from the flip before it`);
  return 0;
}
