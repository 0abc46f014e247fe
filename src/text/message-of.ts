import { EdgeError } from '../errors.ts';

/** What a thrown value says. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The same on one line: Node repeats a part of the text that is not JSON, line ends included. */
export function lineOf(thrown: unknown): string {
  return messageOf(thrown).replace(/\s+/g, ' ').trim();
}

/** What a thrown value says, with the stack of a bug: an EdgeError needs none. */
export function messageOrStackOf(thrown: unknown): string {
  return thrown instanceof Error && !(thrown instanceof EdgeError) ? (thrown.stack ?? thrown.message) : messageOf(thrown);
}
