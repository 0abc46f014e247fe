import { EdgeError } from './errors.ts';
import type { Io } from './io.ts';

/** Whether what was shown may be written: at once with `yes`, else as the person at the terminal says. USAGE when there is nobody to ask. */
export async function askToWrite(io: Io, yes: boolean, question: string): Promise<boolean> {
  if (yes) return true;
  if (!io.isTerminal)
    throw new EdgeError('USAGE', 'there is no terminal to ask for a yes, so nothing was written', { hint: '--yes writes without asking' });
  return io.confirm(question);
}
