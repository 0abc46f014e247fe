import { parseDocument } from 'yaml';
import { isRecord } from '../../src/text/is-record.ts';
import { listUses } from './list-uses.ts';

export interface Parameter {
  Type: string;
  Default?: unknown;
  AllowedValues?: readonly unknown[];
  AllowedPattern?: string;
  MinLength?: number;
  MaxLength?: number;
  MinValue?: number;
  MaxValue?: number;
}

interface Resource {
  Type: string;
  Condition?: string;
  DependsOn?: string | readonly string[];
  Properties: Record<string, unknown>;
}

/**
 * A CloudFormation template: its sections as data, with the short forms of its functions as `{ Ref }`, `{ 'Fn::Sub' }`
 * and so on.
 */
export interface Template {
  Parameters: Record<string, Parameter>;
  Rules?: Record<string, unknown>;
  Conditions?: Record<string, unknown>;
  Resources: Record<string, Resource>;
  Outputs?: Record<string, { Condition?: string; Value: unknown }>;
}

const scalars = ['Ref', 'GetAtt', 'Sub', 'Condition', 'GetAZs'];
const lists = ['Equals', 'Not', 'And', 'Or', 'If', 'Join', 'Select', 'Cidr', 'Sub', 'Split'];
const longName = (name: string) => (name === 'Ref' || name === 'Condition' ? name : `Fn::${name}`);

const customTags = [
  ...scalars.map((name) => ({ tag: `!${name}`, resolve: (value: string) => ({ [longName(name)]: value }) })),
  ...lists.map((name) => ({
    tag: `!${name}`,
    collection: 'seq' as const,
    resolve: (value: unknown) => ({ [longName(name)]: (value as { toJSON(): unknown }).toJSON() }),
  })),
];

/** Reads a template's YAML. A function that CloudFormation has and this list has not is a problem, too. */
export function parseTemplate(text: string): { template: Template } | { problems: string[] } {
  const document = parseDocument(text, { customTags, uniqueKeys: true });
  // After its first error the rest of a document is misread.
  const problems = [...document.errors.slice(0, 1), ...document.warnings].map(
    ({ message }) => message.split('\n')[0]?.replace(/:$/, '') ?? message,
  );
  if (problems.length > 0) return { problems };
  const read: unknown = document.toJSON();
  if (typeof read !== 'object' || read === null || !('Resources' in read) || typeof read.Resources !== 'object' || read.Resources === null)
    return { problems: ['is not a template: it has no Resources'] };
  const template = { Parameters: {}, ...read } as Template;
  for (const section of ['Parameters', 'Rules', 'Conditions', 'Resources', 'Outputs'] as const) {
    const found: unknown = template[section] === undefined ? {} : template[section];
    if (!isRecord(found)) return { problems: [`${section}: must be a mapping`] };
    if (section === 'Rules' || section === 'Conditions') continue;
    for (const [name, item] of Object.entries(found)) {
      if (!isRecord(item)) return { problems: [`${section}.${name}: must be a mapping`] };
      if (section !== 'Outputs' && typeof item['Type'] !== 'string') problems.push(`${section}.${name}: Type is missing`);
      for (const [key, isGood] of Object.entries(shapes))
        if (item[key] !== undefined && !isGood(item[key])) problems.push(`${section}.${name}.${key}: is not what it must be`);
      if (section !== 'Resources') continue;
      item['Properties'] ??= {};
      if (!isRecord(item['Properties'])) problems.push(`${section}.${name}.Properties: must be a mapping`);
    }
  }
  for (const { name, argument, path } of listUses(template))
    if (!isArgument(name, argument)) problems.push(`${path}: ${name} does not take ${JSON.stringify(argument)}`);
  return problems.length > 0 ? { problems } : { template };
}

const isText = (value: unknown) => typeof value === 'string';

/** What the checks rely on, of parameters, resources and outputs. */
const shapes: Readonly<Record<string, (value: unknown) => boolean>> = {
  AllowedValues: Array.isArray,
  AllowedPattern: isPattern,
  Condition: isText,
  DependsOn: (value) => [value].flat().every(isText),
};

function isPattern(value: unknown): boolean {
  try {
    return isText(value) && new RegExp(String(value)) instanceof RegExp;
  } catch {
    return false;
  }
}

/** What the checks rely on, of the functions that they look into. */
function isArgument(name: string, argument: unknown): boolean {
  if (name === 'Fn::If') return Array.isArray(argument) && argument.length === 3 && typeof argument[0] === 'string';
  if (name === 'Fn::Sub') return isText(argument) || (Array.isArray(argument) && typeof argument[0] === 'string' && isRecord(argument[1]));
  if (name === 'Fn::GetAtt') return isText(argument) || Array.isArray(argument);
  return name === 'Ref' ? isText(argument) : true;
}
