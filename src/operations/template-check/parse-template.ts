import { parseDocument } from 'yaml';

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

/** A CloudFormation template: its sections as data, with the short forms of its functions as `{ Ref }`, `{ 'Fn::Sub' }` and so on. */
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
    return { problems: ['is no template: it has no Resources'] };
  const template = { Parameters: {}, ...read } as Template;
  for (const resource of Object.values(template.Resources)) resource.Properties ??= {};
  return { template };
}
