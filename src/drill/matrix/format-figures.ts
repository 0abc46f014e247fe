import { formatMs } from '../format-ms.ts';
import type { MethodFigures } from './cell.ts';

/** `0 %`, `<1 %`, `37 %`: nothing is rounded down to none, and nothing up to all. */
export function formatShare(part: number, whole: number): string {
  if (whole === 0) return 'none';
  if (part === 0 || part === whole) return part === 0 ? '0 %' : '100 %';
  const percent = Math.round((100 * part) / whole);
  return percent === 0 ? '<1 %' : percent === 100 ? '>99 %' : `${percent} %`;
}

/** When it was over: `-` when nobody failed, `never` when viewers still failed at the end. */
export function formatRecovery({ lastFailedMs, recovered }: MethodFigures): string {
  return recovered ? formatMs(lastFailedMs) : 'never';
}
