import { appendFile, readFile, rm } from 'node:fs/promises';
import { EdgeError } from '../errors.ts';
import { parseRecord } from '../text/is-record.ts';
import { messageOf } from '../text/message-of.ts';

/** All names of a run begin with this and eight hexadecimal digits. */
export const namePrefix = 'edge-conformance-';

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
  const before = await readText(file);
  const write = (line: object, lead = '') => appendFile(file, `${lead}${JSON.stringify({ ...line, run: run.run })}\n`, { mode: 0o600 });
  try {
    // A run that was killed may have left half a line.
    await write({ run: run.run, accountId: run.accountId, region: run.region }, before === '' || before.endsWith('\n') ? '' : '\n');
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
  const text = await readText(file);
  const runs = new Map<string, JournalRun>();
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const found = parseRecord(line);
    // The last line of a run that was killed may be cut short.
    if (found === undefined) continue;
    const { run, accountId, region } = found;
    if (typeof run !== 'string') throw notJournal(file);
    if (found['gone'] === true) runs.delete(run);
    else if (typeof accountId === 'string' && typeof region === 'string') runs.set(run, { run, accountId, region });
  }
  return [...runs.values()];
}

/** Empty without the file. USAGE for any other file, since a journal is appended to, and deleted at the end. */
async function readText(file: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new EdgeError('USAGE', `cannot read the journal ${file}: ${messageOf(cause)}`, {
      hint: 'choose another file with --journal',
      cause,
    });
  }
  // The first line, or as much of it as a killed run has written.
  if (!text.startsWith(firstWords.slice(0, text.length))) throw notJournal(file);
  return text;
}

const firstWords = `{"run":"${namePrefix}`;

function notJournal(file: string): EdgeError {
  return new EdgeError('USAGE', `${file} is not a journal of conformance`, { hint: 'choose another file with --journal' });
}
