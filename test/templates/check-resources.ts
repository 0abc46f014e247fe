import { isRecord } from '../../src/text/is-record.ts';
import { nearestName } from '../../src/text/nearest-name.ts';
import { listReferences } from './list-uses.ts';
import type { Parameter, Template } from './parse-template.ts';
import type { PropertyType, ResourceSchema, ResourceType, ValueType } from './resource-schema.ts';

const resourceKeys = [
  'Type',
  'Properties',
  'Condition',
  'DependsOn',
  'DeletionPolicy',
  'UpdateReplacePolicy',
  'Metadata',
  'CreationPolicy',
  'UpdatePolicy',
];

/** Files that `aws cloudformation package` takes to S3, leaving their address here. */
const packaged = [{ type: 'AWS::Lambda::Function', property: 'Code' }];

/**
 * What of a template's resources AWS's schemas refuse: types, properties, missing ones, values of another kind,
 * attributes.
 */
export function checkResources(template: Template, schema: Pick<ResourceSchema, 'resource'>): string[] {
  const problems: string[] = [];
  for (const [name, resource] of Object.entries(template.Resources)) {
    const at = `Resources.${name}`;
    for (const key of Object.keys(resource))
      if (!resourceKeys.includes(key)) problems.push(unknown(at, key, resourceKeys, 'key of a resource'));
    const type = schema.resource(resource.Type);
    if (type === undefined) problems.push(`${at}: AWS has no resource type ${resource.Type}`);
    else
      problems.push(...checkProperties(`${at}.Properties`, resource.Properties, afterPackaging(resource.Type, type), template.Parameters));
  }
  for (const { target, attribute, path } of listReferences(template)) {
    const resource = template.Resources[target];
    const type = resource && schema.resource(resource.Type);
    if (attribute === undefined || type === undefined || type.attributes.includes(attribute)) continue;
    problems.push(unknown(path, attribute, type.attributes, `attribute of ${resource?.Type}`));
  }
  return problems;
}

function afterPackaging(name: string, { properties }: ResourceType): Readonly<Record<string, PropertyType>> {
  const files = packaged.filter(({ type }) => type === name);
  return { ...properties, ...Object.fromEntries(files.map(({ property }) => [property, filePath(properties[property])])) };
}

const filePath = (type: PropertyType | undefined): PropertyType => ({
  required: type?.required ?? false,
  type: { kind: 'union', types: () => [...(type === undefined ? [] : [type.type]), { kind: 'string', allowed: undefined }] },
});

function checkProperties(
  path: string,
  value: Readonly<Record<string, unknown>>,
  known: Readonly<Record<string, PropertyType>>,
  parameters: Readonly<Record<string, Parameter>>,
): string[] {
  const given = Object.entries(value);
  const missing = Object.entries(known).filter(([name, { required }]) => required && !(name in value));
  return [
    ...missing.map(([name]) => `${path}: ${name} is missing`),
    ...given.flatMap(([name, item]) => {
      const property = known[name];
      if (property === undefined) return [unknown(path, name, Object.keys(known), 'property')];
      return checkValue(`${path}.${name}`, item, property.type, parameters);
    }),
  ];
}

function checkValue(path: string, value: unknown, type: ValueType, parameters: Readonly<Record<string, Parameter>>): string[] {
  if (type.kind === 'any') return [];
  const check = (at: string, item: unknown, of: ValueType) => checkValue(at, item, of, parameters);
  const wrong = (wanted: string) => [`${path}: must be ${wanted}, found ${JSON.stringify(value)}`];
  const use = asUse(value);
  if (use !== undefined) {
    const { name, argument } = use;
    if (name === 'Fn::If') return (argument as unknown[]).slice(1).flatMap((branch) => check(path, branch, type));
    if (name === 'Fn::GetAtt' || argument === 'AWS::NoValue') return [];
    const parameter = name === 'Ref' ? parameters[String(argument)] : undefined;
    const gives = isListFunction(name) || (parameter !== undefined && isListType(parameter.Type)) ? 'list' : 'single';
    if (gives === 'list' ? type.kind !== 'list' : isCollection(type)) return wrong(nameOf(type));
    if (parameter === undefined || gives === 'list') return [];
    // Any value that the parameter may have must do.
    const values = [
      ...(parameter.AllowedValues ?? []),
      ...(parameter.Default === undefined || parameter.Default === '' ? [] : [parameter.Default]),
    ];
    return values.flatMap((each) => check(path, fitted(each, type), type));
  }
  switch (type.kind) {
    case 'string':
      if (typeof value !== 'string') return wrong('a text');
      return type.allowed === undefined || type.allowed.includes(value) ? [] : wrong(`one of ${type.allowed.join(', ')}`);
    case 'integer':
      return Number.isInteger(value) ? [] : wrong('a whole number');
    case 'number':
      return typeof value === 'number' ? [] : wrong('a number');
    case 'boolean':
      return typeof value === 'boolean' ? [] : wrong('true or false');
    case 'list':
      return Array.isArray(value) ? value.flatMap((item, index) => check(`${path}.${index}`, item, type.of())) : wrong('a list');
    case 'map':
      return isRecord(value)
        ? Object.entries(value).flatMap(([key, item]) => check(`${path}.${key}`, item, type.of()))
        : wrong('a mapping');
    case 'object':
      return isRecord(value) ? checkProperties(path, value, type.properties(), parameters) : wrong('a mapping');
    case 'union': {
      const tries = type.types().map((each) => check(path, value, each));
      return tries.some((found) => found.length === 0) ? [] : (tries[0] ?? []);
    }
  }
}

/** A function in place of a value: a mapping with one key that only a function has. */
function asUse(value: unknown): { name: string; argument: unknown } | undefined {
  const [entry, ...more] = isRecord(value) ? Object.entries(value) : [];
  if (entry === undefined || more.length > 0 || !(entry[0] === 'Ref' || entry[0].startsWith('Fn::'))) return undefined;
  return { name: entry[0], argument: entry[1] };
}

/** Parameters are texts, whatever they hold; CloudFormation turns them into what is wanted. */
function fitted(value: unknown, type: ValueType): unknown {
  if (type.kind === 'string') return String(value);
  if (type.kind === 'integer' || type.kind === 'number') return value === '' ? value : Number(value);
  return type.kind === 'boolean' ? { true: true, false: false }[String(value)] : value;
}

const isListFunction = (name: string) => name === 'Fn::Cidr' || name === 'Fn::GetAZs' || name === 'Fn::Split';
const isListType = (type: string) => type === 'CommaDelimitedList' || type.includes('List<');
const isCollection = ({ kind }: ValueType) => kind === 'list' || kind === 'map' || kind === 'object';
const nameOf = (type: ValueType) => (type.kind === 'list' ? 'a list' : isCollection(type) ? 'a mapping' : 'a single value');

function unknown(path: string, name: string, known: readonly string[], what: string): string {
  const near = nearestName(name, known);
  return `${path}: there is no ${what} ${name}${near === undefined ? '' : `; did you mean ${near}?`}`;
}
