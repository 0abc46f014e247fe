import type { EventValue, EventValues, ViewerRequestEvent, ViewerResponseEvent } from '../execution.ts';

type Maps = { querystring?: EventValues | string; headers?: EventValues; cookies?: EventValues };

/**
 * Makes `value` and `multiValue` of a checked output agree, as AWS says: a changed multiValue wins and `value` becomes its first entry; a changed `value` beside an
 * untouched multiValue replaces the first entry, and the others stay. Whoever reads the output may then look at either.
 */
export function settleValues(output: Maps, event: ViewerRequestEvent | ViewerResponseEvent): void {
  const before: Maps = 'response' in event ? event.response : event.request;
  settleMap(output.headers, before.headers);
  settleMap(output.cookies, before.cookies);
  settleMap(output.querystring, before.querystring);
}

function settleMap(values: EventValues | string | undefined, before: EventValues | string | undefined): void {
  if (typeof values === 'string' || typeof before === 'string') return;
  for (const name in values) {
    const entry = values[name];
    if (entry?.multiValue !== undefined) settleEntry(entry, entry.multiValue, before?.[name]);
  }
}

function settleEntry(entry: EventValue, multiValue: EventValue[], before: EventValue | undefined): void {
  const isChanged = entry.value !== before?.value || entry.attributes !== before?.attributes;
  const isUntouched = JSON.stringify(multiValue) === JSON.stringify(before?.multiValue);
  if (isUntouched && isChanged && entry.value !== undefined) {
    const { value, attributes } = entry;
    multiValue[0] = attributes === undefined ? { value } : { value, attributes };
    return;
  }
  entry.value = multiValue[0]?.value ?? '';
}
