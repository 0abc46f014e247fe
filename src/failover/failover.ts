import type { Io } from '../cli/io.ts';
import { auditHistory, replayAudit } from '../core/audit.ts';
import { EdgeError } from '../errors.ts';
import type { Intent } from './failover-intent.ts';
import { formatHistory, formatStatus, readStatus } from './failover-status.ts';
import type { FailoverTools } from './failover-tools.ts';
import { writeFailover } from './failover-write.ts';
import { readFlips } from './read-flips.ts';

/** Does what the operator asks for; returns the exit code. */
export async function failover(intent: Intent, tools: FailoverTools, io: Io): Promise<number> {
  if (intent.command === 'status') return intent.watch ? watchStatus(tools, io) : showStatus(tools, io);
  if (intent.command === 'history') return showHistory(tools, io);
  return writeFailover(intent, tools, io);
}

async function showStatus(tools: FailoverTools, io: Io): Promise<number> {
  const status = await readStatus(tools.store, { ...tools, now: io.now });
  io.result(status, formatStatus(status, io.colour));
  return 0;
}

/** A moment's failure is shown in the place of the status: whoever watches an outage must not have to start again. */
async function watchStatus(tools: FailoverTools, io: Io): Promise<number> {
  while (!io.signal.aborted) {
    try {
      const status = await readStatus(tools.store, { ...tools, now: io.now });
      io.redraw(status, formatStatus(status, io.colour));
    } catch (error) {
      if (io.signal.aborted) break;
      if (!(error instanceof EdgeError)) throw error;
      io.redraw({ error: { code: error.code, message: error.message } }, [`error: ${error.message}`, 'trying again']);
    }
    await tools.sleep(tools.watchMs).catch((error: unknown) => {
      if (!io.signal.aborted) throw error;
    });
  }
  return 0;
}

async function showHistory({ store }: FailoverTools, io: Io): Promise<number> {
  const flips = auditHistory(await readFlips(store));
  const { gaps } = replayAudit(flips);
  io.result({ flips, gaps }, flips.length === 0 ? ['no flips yet'] : formatHistory(flips, io.now()));
  for (const gap of gaps) io.stderr(`note: flip #${gap} does not follow from the flip before it`);
  return 0;
}
