/**
 * Aliases of the flipper's Lambda, each a right of its own: `lambda:InvokeFunction` on the alias's ARN. Without an alias the function takes the schedule, alarms and
 * manual runs, and nothing else.
 */
export const remoteAliases = { operator: 'operator', reporter: 'reporter' } as const;
