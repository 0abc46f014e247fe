/** What AWS knows only once a stack is deployed. */
export type KnownAtDeploy =
  | 'account'
  | 'partition'
  | 'region'
  | 'stack'
  | 'storeArn'
  | 'edgeFunctionArn'
  | 'flipperArn'
  | 'logGroupArn'
  | 'topicArn';

/**
 * A value that a formatter replaces by a reference of its own language: to a resource, or to an input of the
 * deployment.
 */
export type DeployReference = { ref: KnownAtDeploy } | { input: string };

/** Text with references in it. */
export type DeployText = string | readonly (string | DeployReference)[];

/** Text that a template of JavaScript puts together: deployText`arn:aws:sns:*:${account}:${name}`. */
export function deployText(parts: TemplateStringsArray, ...values: readonly (DeployText | DeployReference)[]): DeployText {
  const all = parts.flatMap((part, index): (string | DeployReference)[] => {
    const value = values[index];
    if (value === undefined) return [part];
    if (typeof value === 'string') return [part, value];
    return [part, ...(isReference(value) ? [value] : value)];
  });
  return joinText(all);
}

/** Neighbouring strings become one; without a reference the whole is a string. */
function joinText(parts: readonly (string | DeployReference)[]): DeployText {
  const joined: (string | DeployReference)[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (part === '') continue;
    if (typeof part === 'string' && typeof last === 'string') joined[joined.length - 1] = last + part;
    else joined.push(part);
  }
  const [first] = joined;
  if (joined.length === 0) return '';
  return joined.length === 1 && typeof first === 'string' ? first : joined;
}

function isReference(value: DeployText | DeployReference): value is DeployReference {
  return typeof value === 'object' && !Array.isArray(value);
}

/**
 * A JSON document as text. Values that are a `DeployValue` keep their references. What a formatter puts in their place
 * must need no escaping in JSON: names, regions and ARNs do not.
 */
export function deployJson(value: unknown): DeployText {
  const references: DeployReference[] = [];
  const mark = (reference: DeployReference) => `\uE000${references.push(reference) - 1}\uE001`;
  const flatten = (item: unknown): unknown => {
    if (item instanceof DeployValue) {
      const { text } = item;
      return typeof text === 'string' ? text : text.map((part) => (typeof part === 'string' ? part : mark(part))).join('');
    }
    if (Array.isArray(item)) return item.map(flatten);
    if (typeof item === 'object' && item !== null)
      return Object.fromEntries(Object.entries(item).map(([key, each]) => [key, flatten(each)]));
    return item;
  };
  const json = JSON.stringify(flatten(value));
  const parts = json.split(/\uE000(\d+)\uE001/).map((part, index) => (index % 2 === 0 ? part : (references[Number(part)] ?? part)));
  return joinText(parts);
}

/** A text inside the value of `deployJson`. */
export class DeployValue {
  readonly text: DeployText;

  constructor(text: DeployText) {
    this.text = text;
  }
}

/** The text with `fill`'s answer in place of each reference. */
export function fillText(text: DeployText, fill: (reference: DeployReference) => string): string {
  return typeof text === 'string' ? text : text.map((part) => (typeof part === 'string' ? part : fill(part))).join('');
}
