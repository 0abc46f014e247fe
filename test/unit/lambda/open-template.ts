import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';

/** A CloudFormation template: its sections as data, with the short forms of its functions as `{ Ref }`, `{ 'Fn::Sub' }` and so on. */
export interface Template {
  Parameters: Record<string, { Type: string; Default?: unknown; AllowedValues?: unknown[] }>;
  Conditions?: Record<string, unknown>;
  Resources: Record<string, { Type: string; Condition?: string; Properties: Record<string, unknown> }>;
  Outputs?: Record<string, unknown>;
}

const scalars = ['Ref', 'GetAtt', 'Sub', 'Condition'];
const lists = ['Equals', 'Not', 'And', 'Or', 'If', 'Join', 'Select'];
const longName = (name: string) => (name === 'Ref' || name === 'Condition' ? name : `Fn::${name}`);

/** Reads a template; throws at anything that is not YAML or no function of CloudFormation. */
export function openTemplate(path: string): Template {
  const customTags = [
    ...scalars.map((name) => ({ tag: `!${name}`, resolve: (value: string) => ({ [longName(name)]: value }) })),
    ...lists.map((name) => ({
      tag: `!${name}`,
      collection: 'seq' as const,
      resolve: (value: unknown) => ({ [longName(name)]: (value as { toJSON(): unknown }).toJSON() }),
    })),
  ];
  const document = parseDocument(readFileSync(path, 'utf8'), { customTags, uniqueKeys: true });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) throw problem;
  return document.toJSON() as Template;
}

/** Every use of a function in a template, wherever it stands. */
export function listUses(value: unknown): { name: string; argument: unknown }[] {
  if (Array.isArray(value)) return value.flatMap(listUses);
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, argument]) => [
    ...(name === 'Ref' || name.startsWith('Fn::') ? [{ name, argument }] : []),
    ...listUses(argument),
  ]);
}

/** The parameters, resources and pseudo parameters that a template refers to. */
export function listReferences(value: unknown): string[] {
  return listUses(value).flatMap(({ name, argument }) => {
    if (name === 'Ref') return [String(argument)];
    if (name === 'Fn::GetAtt') return [String(argument).split('.')[0] ?? ''];
    if (name === 'Fn::Sub') return [...String(argument).matchAll(/\$\{([^}!]+)\}/g)].map(([, found = '']) => found.split('.')[0] ?? '');
    return [];
  });
}
