import { z } from 'zod';
import { edgeConfigSchema } from '../../src/config/edge-config.ts';
import { annotate, commentAbove, type JsonSchema } from './schema-comments.ts';

const source = 'src/config/edge-config.ts';

/** The JSON Schema of one configuration, with the comments of its fields, without `environments`. */
export function describeConfig(): JsonSchema {
  const json = z.toJSONSchema(edgeConfigSchema, { io: 'input' }) as JsonSchema;
  annotate(json, source, 'edgeConfigSchema');
  return json;
}

export function describeEnvironments(): string {
  return commentAbove(source, 'environments: Record<');
}

/** docs/edge-config.schema.json: what an editor checks and shows. */
export function writeConfigSchema(): string {
  const { properties, required, ...json } = describeConfig();
  const schema = {
    ...json,
    title: 'edge.config.ts of cloudfront-edge-failover',
    properties: {
      ...properties,
      environments: {
        type: 'object',
        description: describeEnvironments(),
        propertyNames: { pattern: '^[a-z][a-z0-9-]{0,31}$' },
        minProperties: 1,
        additionalProperties: makePartial({ ...json, ...(properties && { properties }) }),
      },
    },
    // What environments share may be incomplete.
    anyOf: [{ required: ['environments'] }, { required }],
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

/** Objects need none of their fields; what is in a list is whole. */
function makePartial({
  required: _,
  default: __,
  properties,
  additionalProperties,
  ...schema
}: JsonSchema & { $schema?: string }): JsonSchema {
  const { $schema, ...rest } = schema;
  return {
    ...rest,
    ...(properties && { properties: Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, makePartial(field)])) }),
    ...(additionalProperties !== undefined && {
      additionalProperties: typeof additionalProperties === 'object' ? makePartial(additionalProperties) : additionalProperties,
    }),
  };
}
