import { checkMetrics } from './check-metrics.ts';
import { checkReferences } from './check-references.ts';
import { checkResources } from './check-resources.ts';
import { parseTemplate } from './parse-template.ts';
import type { ResourceSchema } from './resource-schema.ts';

export interface TemplateReport {
  /** How many the template makes at most. */
  resources: number;
  problems: string[];
}

/** Holds the text of a CloudFormation template against AWS's schemas and against itself. */
export function checkTemplate(text: string, schema: ResourceSchema): TemplateReport {
  const parsed = parseTemplate(text);
  if ('problems' in parsed) return { resources: 0, problems: parsed.problems };
  const { template } = parsed;
  return {
    resources: Object.keys(template.Resources).length,
    problems: [...checkReferences(template), ...checkResources(template, schema), ...checkMetrics(template, schema)],
  };
}
