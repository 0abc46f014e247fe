import { EdgeError } from './errors.ts';
import type { Io } from './io.ts';

/** Whether what was shown may be written: at once with `yes`, else as the person at the terminal says. USAGE without a terminal to ask in. */
export async function askToWrite(io: Io, yes: boolean, question: string): Promise<boolean> {
  if (yes) return true;
  if (!io.isTerminal)
    throw new EdgeError('USAGE', 'no terminal to confirm in; nothing was changed', { hint: 'pass --yes to write without asking' });
  return io.confirm(question);
}
