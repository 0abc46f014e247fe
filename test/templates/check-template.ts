import { checkMetrics } from './check-metrics.ts';
import { checkReferences } from './check-references.ts';
import { checkResources } from './check-resources.ts';
import { parseTemplate } from './parse-template.ts';
import type { ResourceSchema } from './resource-schema.ts';

/**
 * Longer ones must come from S3, and docs/infrastructure.md deploys from the file (CloudFormation guide,
 * cloudformation-limits.html).
 */
const maxBytes = 51_200;

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
  const bytes = Buffer.byteLength(text);
  return {
    resources: Object.keys(template.Resources).length,
    problems: [
      ...(bytes > maxBytes ? [`has ${bytes} bytes; CloudFormation takes ${maxBytes} from a file`] : []),
      ...checkReferences(template),
      ...checkResources(template, schema),
      ...checkMetrics(template, schema),
    ],
  };
}
