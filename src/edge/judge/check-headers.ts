import { isRecord } from '../../text/is-record.ts';
import type { EventValue, EventValues } from '../execution.ts';
import { isForbiddenHeader } from './header-rules.ts';

const token = /^[!#$%&'*+.^_`|~0-9a-zA-Z-]+$/;
// A header travels as Latin-1, and a control character in one would end it.
const headerText = /^[\x20-\x7e\x80-\xff]*$/;

/** The rules of one kind of map; `path` begins every problem. */
export interface HeaderRules {
  path: 'request.headers' | 'response.headers';
  readOnly: readonly string[];
  /** The header whose content is a map of its own: `cookie` or `set-cookie`. */
  cookieHeader: string;
}

/** Problems of a returned map of headers against the one that was handed in; an untouched header is never one, except by its spelling. */
export function checkHeaders(headers: unknown, before: EventValues, rules: HeaderRules): string[] {
  const { path } = rules;
  if (!isRecord(headers)) return [`${path} must be an object`];
  const problems: string[] = [];
  for (const [name, entry] of Object.entries(headers)) {
    // Most headers are as the viewer sent them, and what a viewer sent is no fault of the function.
    if (isUntouched(entry, before[name]) && name === name.toLowerCase()) continue;
    // In AWS's words, as far as they are known.
    if (name !== name.toLowerCase()) problems.push(`${path} must have header names in lower case: ${name}`);
    else if (!token.test(name)) problems.push(`${path} has an invalid header name: ${JSON.stringify(name)}`);
    else if (isForbiddenHeader(name)) problems.push(`${path}.${name} is not allowed in a function`);
    else if (rules.readOnly.includes(name)) problems.push(`${path}.${name} is read-only`);
    else if (name === rules.cookieHeader) problems.push(`${path}.${name} is not allowed: cookies have a map of their own`);
    else problems.push(...checkValues(entry, `${path}.${name}`, headerText));
  }
  for (const name of rules.readOnly) {
    if (before[name] !== undefined && headers[name] === undefined) problems.push(`${path}.${name} is read-only and was removed`);
  }
  return problems;
}

/** True for what the function left as the viewer had sent it. */
export function isUntouched(entry: unknown, before: EventValue | undefined): boolean {
  if (before === undefined || !isRecord(entry) || entry['value'] !== before.value) return false;
  if (entry['multiValue'] === undefined && before.multiValue === undefined) return entry['attributes'] === before.attributes;
  return JSON.stringify(entry) === JSON.stringify(before);
}

/** Problems of a map of cookies against the one that was handed in; a response's cookies may carry attributes. */
export function checkCookies(cookies: unknown, before: EventValues, path: string): string[] {
  if (!isRecord(cookies)) return [`${path} must be an object`];
  const touched = Object.entries(cookies).filter(([name, entry]) => !isUntouched(entry, before[name]));
  return touched.flatMap(([name, entry]) => [
    ...(token.test(name) ? [] : [`${path} has an invalid cookie name: ${JSON.stringify(name)}`]),
    ...checkValues(entry, `${path}.${name}`, headerText),
    ...checkAttributes(entry, `${path}.${name}`),
  ]);
}

/** Problems of `{ value, multiValue? }`. `value` may be missing beside multiValue, which wins once it was changed. */
export function checkValues(entry: unknown, path: string, allowed: RegExp): string[] {
  if (!isRecord(entry)) return [`${path} must be an object with a value`];
  if (entry['multiValue'] === undefined) return checkText(entry['value'], `${path}.value`, allowed);
  const items = entry['multiValue'];
  if (!Array.isArray(items) || items.length === 0) return [`${path}.multiValue must be an array of values`];
  const problems = entry['value'] === undefined ? [] : checkText(entry['value'], `${path}.value`, allowed);
  items.forEach((item: unknown, index) => {
    problems.push(...checkText(isRecord(item) ? item['value'] : undefined, `${path}.multiValue[${index}].value`, allowed));
  });
  return problems;
}

function checkAttributes(entry: unknown, path: string): string[] {
  if (!isRecord(entry) || entry['attributes'] === undefined) return [];
  return checkText(entry['attributes'], `${path}.attributes`, headerText);
}

function checkText(value: unknown, path: string, allowed: RegExp): string[] {
  if (typeof value !== 'string') return [`${path} must be a string, not ${describe(value)}`];
  return allowed.test(value) ? [] : [`${path} has a character that is not allowed there`];
}

export function describe(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  return Array.isArray(value) ? 'an array' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
