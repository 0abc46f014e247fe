import { appendFile, readFile, rm } from 'node:fs/promises';
import { EdgeError } from '../errors.ts';
import { isRecord } from '../text/is-record.ts';
import { messageOf } from '../text/message-of.ts';

export type MadeKind = 'distribution' | 'function' | 'store' | 'lambda' | 'role';

/** What a run is about to create, written before each call: a crash leaves it behind for `--clean-up`. */
export interface Journal {
  creating(kind: MadeKind, name: string): Promise<void>;
  created(kind: MadeKind, name: string, id: string): Promise<void>;
  /** When nothing is left. */
  remove(): Promise<void>;
}

/** What a journal says of a run that may not have ended. */
export interface JournalRun {
  run: string;
  accountId: string;
  region: string;
}

/** Begins a journal with the run. One file holds several runs, so that an older one is never overwritten. */
export async function openJournal(file: string, run: JournalRun): Promise<Journal> {
  const write = (line: object) => appendFile(file, `${JSON.stringify({ ...line, run: run.run })}\n`, { mode: 0o600 });
  try {
    await write(run);
  } catch (cause) {
    throw new EdgeError('USAGE', `cannot write the journal ${file}: ${messageOf(cause)}`, {
      hint: 'choose another file with --journal',
      cause,
    });
  }
  return {
    creating: (kind, name) => write({ creating: kind, name }),
    created: (kind, name, id) => write({ created: kind, name, id }),
    async remove() {
      await write({ gone: true });
      if ((await readJournal(file)).length === 0) await rm(file, { force: true });
    },
  };
}

/** The runs of a journal that have not ended; none without the file. */
export async function readJournal(file: string): Promise<JournalRun[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const runs = new Map<string, JournalRun>();
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const found = parseLine(line);
    // The last line of a run that was killed may be cut short.
    if (found === undefined) continue;
    const { run, accountId, region } = found;
    if (typeof run !== 'string') throw notJournal(file);
    if (found['gone'] === true) runs.delete(run);
    else if (typeof accountId === 'string' && typeof region === 'string') runs.set(run, { run, accountId, region });
  }
  return [...runs.values()];
}

function parseLine(line: string): Record<string, unknown> | undefined {
  try {
    const found: unknown = JSON.parse(line);
    return isRecord(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

function notJournal(file: string): EdgeError {
  return new EdgeError('USAGE', `${file} is not a journal of conformance`, { hint: 'choose another file with --journal' });
}
