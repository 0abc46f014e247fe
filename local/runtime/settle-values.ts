import type { EventValue, EventValues, ViewerRequestEvent, ViewerResponseEvent } from '../../src/edge/execution.ts';

type Maps = { querystring?: EventValues; headers?: EventValues; cookies?: EventValues };

/**
 * Makes `value` and `multiValue` of a checked output agree: a changed multiValue wins and `value` becomes its first entry, as AWS says; a changed `value` beside an
 * untouched multiValue stands alone. Whoever reads the output may then look at either.
 */
export function settleValues(output: Maps, event: ViewerRequestEvent | ViewerResponseEvent): void {
  const before: Maps = 'response' in event ? event.response : event.request;
  settleMap(output.headers, before.headers);
  settleMap(output.cookies, before.cookies);
  settleMap(output.querystring, before.querystring);
}

function settleMap(values: EventValues | undefined, before: EventValues | undefined): void {
  for (const name in values) {
    const entry = values[name];
    if (entry?.multiValue !== undefined) settleEntry(entry, entry.multiValue, before?.[name]);
  }
}

function settleEntry(entry: EventValue, multiValue: { value: string }[], before: EventValue | undefined): void {
  const untouched = JSON.stringify(multiValue) === JSON.stringify(before?.multiValue);
  if (untouched && entry.value === before?.value) return;
  if (untouched && entry.value !== undefined) delete entry.multiValue;
  else entry.value = multiValue[0]?.value ?? '';
}
