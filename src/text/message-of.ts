import { EdgeError } from '../errors.ts';

/** What a thrown value says. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** What a thrown value says, with the stack of a bug: an EdgeError needs none. */
export function messageOrStackOf(thrown: unknown): string {
  return thrown instanceof Error && !(thrown instanceof EdgeError) ? (thrown.stack ?? thrown.message) : messageOf(thrown);
}
