import { hostname } from 'node:os';

/** Whom the audit names when nobody says: `ann@laptop`. */
export function nameOperator({ USER, LOGNAME }: Readonly<Record<string, string | undefined>>): string {
  return `${USER || LOGNAME || 'somebody'}@${hostname()}`;
}
