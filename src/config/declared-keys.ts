import { maxKeyBytes, maxStoreBytes, maxValueBytes } from '../../kvs/limits.ts';
import { isReservedKey } from '../../kvs/reserved-keys.ts';

/** What is wrong with the keys a team declares, each with the key it is about; undefined for all of them together. */
export function findKeyProblems(keys: Readonly<Record<string, string>>): { key: string | undefined; problem: string }[] {
  const problems: { key: string | undefined; problem: string }[] = [];
  let total = 0;
  for (const [key, value] of Object.entries(keys)) {
    const [keyBytes, valueBytes] = [Buffer.byteLength(key), Buffer.byteLength(value)];
    total += keyBytes + valueBytes;
    const add = (problem: string) => problems.push({ key, problem });
    if (isReservedKey(key)) add('this key is written by the tools themselves (health, state, audit/, publish/, owned/)');
    if (!/^[^\s\p{C}]([^\p{C}]*[^\s\p{C}])?$/u.test(key)) add('a key is text without control characters and without spaces at its ends');
    if (keyBytes > maxKeyBytes) add(`a key has at most ${maxKeyBytes} bytes, found ${keyBytes}`);
    if (value === '') add('a value is at least one character: leave the key out to remove it');
    if (/\p{Surrogate}/u.test(value)) add('a value is Unicode text, found half a surrogate pair');
    if (valueBytes > maxValueBytes) add(`a value has at most ${maxValueBytes} bytes, found ${valueBytes}`);
  }
  if (total > maxStoreBytes) problems.push({ key: undefined, problem: `a store has at most ${maxStoreBytes} bytes, found ${total}` });
  return problems;
}
