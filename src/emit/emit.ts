import { relative, resolve } from 'node:path';
import type { EdgeConfig } from '../config/edge-config.ts';
import { EdgeError } from '../errors.ts';
import { nearestName } from '../text/nearest-name.ts';
import { pageOf } from '../text/typed.ts';
import { buildCloudFormation, describeAssociations, resourceComments } from './cloudformation.ts';
import { type Deployment, planDeployment } from './deployment.ts';
import { formatTemplate } from './format-template.ts';
import { type DeploymentPart, deploymentParts } from './inputs.ts';
import { buildRolePolicies, formatPolicy, roleNames } from './role-policies.ts';
import { emitTerraform } from './terraform.ts';

/** What is written down, and in which words. */
export interface EmitRequest {
  config: EdgeConfig;
  environment: string | undefined;
  /** Text of distribution.json; undefined without the file. */
  distribution: string | undefined;
  /** Words of `--only`; undefined for the format's own choice. */
  only: readonly string[] | undefined;
  /** The file that the text goes to; undefined for stdout. Paths in a template begin at its folder. */
  out: string | undefined;
  /** Where the flipper's zip is. */
  code: 'path' | 's3';
  /** Who publishes the code, of Terraform; undefined as `publishedBy` says. */
  mode?: 'a' | 'b' | undefined;
  /** With blocks that import what exists, of Terraform. */
  imports?: boolean | undefined;
  /** Builds and proves the edge function; called only when its code is part of the text. */
  buildFunction: () => Promise<string>;
}

export interface Emitted {
  /** The same as the text, for `--json`. */
  value: unknown;
  text: string;
  /** Several files in place of `text`, by their names, where `--out` is a folder. */
  files?: Readonly<Record<string, string>>;
  /** What a person must know that is not in the text. */
  notes: readonly string[];
}

export interface EmitFormat {
  /** Words of `--only`. */
  parts: readonly string[];
  emit(request: EmitRequest): Promise<Emitted>;
}

/** Every format of the command. */
export const emitFormats: Readonly<Record<string, EmitFormat>> = {
  cloudformation: { parts: deploymentParts, emit: emitCloudFormation },
  terraform: {
    parts: deploymentParts,
    emit: ({ only, ...request }) =>
      emitTerraform({ ...request, parts: (only ?? ['function', 'store', 'flipper']) as readonly DeploymentPart[] }),
  },
  iam: { parts: roleNames, emit: async (request) => emitPolicies(request) },
};

/** The configuration in one of the formats. USAGE for a part that the format does not have. */
export async function emit(format: EmitFormat, request: EmitRequest): Promise<Emitted> {
  for (const part of request.only ?? [])
    if (!format.parts.includes(part)) {
      const near = nearestName(part, format.parts);
      throw new EdgeError('USAGE', `--only has no part ${JSON.stringify(part)}`, {
        hint: near === undefined ? `parts: ${format.parts.join(', ')}` : `did you mean ${near}?`,
      });
    }
  return format.emit(request);
}

/** CloudFormation takes more only from S3 (CloudFormation guide, cloudformation-limits.html). */
const maxTemplateBytes = 51_200;

async function emitCloudFormation(request: EmitRequest): Promise<Emitted> {
  const { config, environment, distribution, only, out, code } = request;
  const parts = (only ?? ['function', 'store', 'flipper']) as readonly DeploymentPart[];
  const deployment = planDeployment({ config, environment, distribution, parts });
  const { edgeFunction, flipper } = deployment;
  const functionCode = edgeFunction && (await request.buildFunction());
  const path = relative(resolve(out ?? '.', out === undefined ? '.' : '..'), flipper?.packageFile ?? '');
  const template = buildCloudFormation(deployment, { functionCode, flipperCode: code === 's3' ? 's3' : { path } });
  const text = formatTemplate(template, { head: headOf(deployment), resources: resourceComments });
  const bytes = Buffer.byteLength(text);
  return {
    value: template,
    text,
    notes: [
      ...(edgeFunction ? [`after the deployment: output EdgeFunctionArn. ${describeAssociations(deployment.associations)}`] : []),
      ...(flipper ? [`before the deployment: make ${flipper.packageFile} with the command flipper:package`] : []),
      ...(bytes > maxTemplateBytes
        ? [`the template has ${bytes} bytes: CloudFormation takes ${maxTemplateBytes} from a file, deploy it with --s3-bucket`]
        : []),
    ],
  };
}

function headOf({ edgeFunction, associations }: Deployment): string[] {
  return [
    'Written by the command emit from edge.config.ts: change that file and emit again.',
    `Checked with AWS's resource schemas and cfn-lint, not run on an account yet. How to deploy: ${pageOf('infrastructure.md')}.`,
    ...(edgeFunction === undefined ? [] : [`Output EdgeFunctionArn. ${describeAssociations(associations)}`]),
  ];
}

function emitPolicies({ config, only }: EmitRequest): Emitted {
  const policies = buildRolePolicies(config);
  const chosen = Object.fromEntries(Object.entries(policies).filter(([name]) => only === undefined || only.includes(name)));
  const all = Object.values(chosen);
  // One role: the document itself, as `aws iam create-policy` takes it.
  const value = all.length === 1 ? all[0] : chosen;
  const text = `${formatPolicy(value)}\n`;
  const open = [...new Set([...text.matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => name))];
  return {
    value,
    text,
    files: Object.fromEntries(Object.entries(chosen).map(([name, policy]) => [`${name}.json`, `${formatPolicy(policy)}\n`])),
    notes: open.length === 0 ? [] : [`placeholders to fill, explained in docs/iam/README.md: ${open.join(', ')}`],
  };
}
