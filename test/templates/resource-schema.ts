import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec';

/** The type of a property's value, with definitions already looked up. */
export type ValueType =
  | { kind: 'string'; allowed: readonly string[] | undefined }
  | { kind: 'integer' | 'number' | 'boolean' | 'any' }
  | { kind: 'list' | 'map'; of: () => ValueType }
  | { kind: 'object'; properties: () => Readonly<Record<string, PropertyType>> }
  | { kind: 'union'; types: () => readonly ValueType[] };

export interface PropertyType {
  required: boolean;
  type: ValueType;
}

export interface ResourceType {
  properties: Readonly<Record<string, PropertyType>>;
  /** What Fn::GetAtt may ask for. */
  attributes: readonly string[];
}

/** AWS's own schemas of what CloudFormation makes, and its list of metrics. */
export interface ResourceSchema {
  resource(type: string): ResourceType | undefined;
  /**
   * The dimensions, sorted, that AWS lists for a metric: one list for each combination that has values. Undefined for a
   * metric that it does not list.
   */
  metric(namespace: string, name: string): readonly (readonly Dimension[])[] | undefined;
}

export interface Dimension {
  name: string;
  /** The only value that it ever has; undefined when that is the account's matter. */
  value: string | undefined;
}

/** As much of the package's own types as is read here; it does not hand them on. */
interface SpecProperty {
  required?: boolean;
  type: SpecType;
}
type SpecType =
  | { type: 'string'; allowedValues?: readonly string[] }
  | { type: 'integer' | 'number' | 'boolean' | 'json' | 'date-time' | 'null' | 'tag' }
  | { type: 'array' | 'map'; element: SpecType }
  | { type: 'union'; types: SpecType[] }
  | { type: 'ref'; reference: { $ref: string } };

const string: ValueType = { kind: 'string', allowed: undefined };
const tag: ValueType = {
  kind: 'object',
  properties: () => ({ Key: { required: true, type: string }, Value: { required: true, type: string } }),
};

let opened: ResourceSchema | undefined;

/** The database of the package @aws-cdk/aws-service-spec, which takes a second or two to open: once for all tests. */
export function openResourceSchema(): ResourceSchema {
  opened ??= open();
  return opened;
}

function open(): ResourceSchema {
  const database = loadAwsServiceSpecSync();
  const metrics = new Map(database.all('metric').map((metric) => [`${metric.namespace} ${metric.name}`, metric]));

  const convert = (type: SpecType): ValueType => {
    switch (type.type) {
      case 'string':
        return { kind: 'string', allowed: type.allowedValues };
      case 'date-time':
        return string;
      case 'tag':
        return tag;
      case 'array':
        return { kind: 'list', of: () => convert(type.element) };
      case 'map':
        return { kind: 'map', of: () => convert(type.element) };
      case 'union':
        return { kind: 'union', types: () => type.types.map(convert) };
      case 'ref':
        return { kind: 'object', properties: () => convertAll(database.get('typeDefinition', type.reference.$ref).properties) };
      case 'integer':
      case 'number':
      case 'boolean':
        return { kind: type.type };
      default:
        return { kind: 'any' };
    }
  };
  const convertAll = (properties: Record<string, SpecProperty>): Record<string, PropertyType> =>
    Object.fromEntries(Object.entries(properties).map(([name, { required = false, type }]) => [name, { required, type: convert(type) }]));

  return {
    resource(type) {
      const [found] = database.lookup('resource', 'cloudFormationType', 'equals', type);
      return found && { properties: convertAll(found.properties), attributes: Object.keys(found.attributes) };
    },
    metric(namespace, name) {
      const found = metrics.get(`${namespace} ${name}`);
      if (found === undefined) return undefined;
      return database
        .follow('usesDimensionSet', found)
        .map(({ entity }) => entity.dimensions.map(({ name: dimension, value }) => ({ name: dimension, value })));
    },
  };
}
