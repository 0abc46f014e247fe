import { relative, resolve } from 'node:path';
import { firstCode } from '../edge/first-code.ts';
import { EdgeError } from '../errors.ts';
import { pageOf } from '../text/typed.ts';
import { type BehaviorAssociation, type Deployment, type DeploymentOptions, planDeployment } from './deployment.ts';
import type { DeployInput } from './inputs.ts';
import { alarmResources, flipperResources, type Resources, topicResources } from './terraform-flipper.ts';
import { type Block, expression, listDataSources, literal, quoted, snakeCase, templateOf } from './terraform-values.ts';

/** A configuration in Terraform's JSON syntax, for a file whose name ends in `.tf.json`. */
export type TerraformDocument = Block;

export interface TerraformOptions {
  /** `a`: function:publish has the code. Or the built code, which Terraform publishes. */
  code: 'a' | { built: string };
  /** From the folder of the file to the folder of the project: empty, or with a slash at its end. */
  toProject: string;
  /** Adds import blocks for a function and a store that exist. */
  imports: boolean;
}

/** Function and store: key_value_store_associations came with 5.43.0. */
const minProvider = '5.43.0';
/** The flipper: the runtime nodejs24.x came with 6.20.0. */
const minProviderOfFlipper = '6.20.0';

/** The deployment as a configuration. Equal for equal configurations. */
export function buildTerraform(deployment: Deployment, options: TerraformOptions): TerraformDocument {
  const { edgeFunction, store, flipper, monitoring, inputs } = deployment;
  const resources: Resources = {
    ...(store && { aws_cloudfront_key_value_store: { health: storeResource(store) } }),
    ...(edgeFunction && { aws_cloudfront_function: { router: functionResource(edgeFunction, options.code) } }),
    ...(flipper && flipperResources(flipper, `${options.toProject}${flipper.packageFile}`)),
    ...(monitoring && monitoringResources(monitoring)),
  };
  const data = listDataSources(resources);
  const imports = options.imports ? listImports(deployment) : [];
  return {
    '//': headOf(deployment, options),
    terraform: {
      required_version: '>= 1.5.0',
      required_providers: { aws: { source: 'hashicorp/aws', version: `>= ${flipper ? minProviderOfFlipper : minProvider}` } },
    },
    ...(inputs.length > 0 && { variable: Object.fromEntries(inputs.map((input) => [snakeCase(input.name), variableOf(input)])) }),
    ...(Object.keys(data).length > 0 && { data }),
    ...(imports.length > 0 && { import: imports }),
    resource: resources,
    output: outputsOf(deployment),
  };
}

function storeResource({ name, comment }: NonNullable<Deployment['store']>): Block {
  return {
    '//': 'No aws_cloudfrontkeyvaluestore_key and no keys_exclusive for it: the flipper and function:publish write its keys.',
    name,
    comment,
    lifecycle: { prevent_destroy: true },
  };
}

function functionResource(part: NonNullable<Deployment['edgeFunction']>, code: TerraformOptions['code']): Block {
  return {
    name: part.name,
    comment: literal(part.comment),
    runtime: part.runtime,
    key_value_store_associations: [templateOf(part.keyValueStoreArn)],
    publish: true,
    ...(code === 'a'
      ? {
          '//': 'The code only lets requests pass: function:publish replaces it, and attests its versions in the comment.',
          code: literal(firstCode),
          lifecycle: { ignore_changes: ['code', 'comment'] },
        }
      : { code: literal(code.built) }),
  };
}

function monitoringResources({ alarms, dashboard, topicDisplayName }: NonNullable<Deployment['monitoring']>): Resources {
  return {
    ...topicResources('monitoring', `${expression('var.flipper_name')}-monitoring`, topicDisplayName, true),
    aws_cloudwatch_metric_alarm: alarmResources(alarms, monitoringTopic),
    aws_cloudwatch_dashboard: { edge: { dashboard_name: templateOf(dashboard.name), dashboard_body: templateOf(dashboard.body) } },
  };
}

const monitoringTopic = expression('var.topic_arn == "" ? aws_sns_topic.monitoring[0].arn : var.topic_arn');

/** Only the root module may have them, and only Terraform 1.5 or OpenTofu 1.6 and later read them. */
function listImports({ edgeFunction, store }: Deployment): Block[] {
  return [
    ...(store ? [{ to: 'aws_cloudfront_key_value_store.health', id: store.name }] : []),
    ...(edgeFunction ? [{ to: 'aws_cloudfront_function.router', id: edgeFunction.name }] : []),
  ];
}

/** Terraform reads type, default and description as they are; a condition is a template. */
function variableOf({ name, type, description, fallback, pattern, values, min, max }: DeployInput): Block {
  const types = { text: 'string', number: 'number', texts: 'list(string)', flag: 'bool' };
  const variable = `var.${snakeCase(name)}`;
  const rules = [
    ...(pattern === undefined
      ? []
      : [{ condition: `can(regex(${quoted(`^(${pattern})$`)}, ${variable}))`, says: `must match ${pattern}` }]),
    ...(values === undefined
      ? []
      : [{ condition: `contains(${JSON.stringify(values)}, ${variable})`, says: `must be one of ${values.join(', ')}` }]),
    ...(min === undefined ? [] : [{ condition: `${variable} >= ${min}`, says: `must be at least ${min}` }]),
    ...(max === undefined ? [] : [{ condition: `${variable} <= ${max}`, says: `must be at most ${max}` }]),
  ];
  return {
    type: types[type],
    description,
    ...(fallback !== undefined && { default: fallback }),
    ...(rules.length > 0 && {
      validation: rules.map(({ condition, says }) => ({
        condition: `\${${condition}}`,
        error_message: literal(`${snakeCase(name)} ${says}.`),
      })),
    }),
  };
}

function outputsOf({ edgeFunction, store, flipper, monitoring, associations }: Deployment): Record<string, Block> {
  return {
    ...(edgeFunction && {
      function_arn: { description: describeHints(associations).join(' '), value: expression('aws_cloudfront_function.router.arn') },
    }),
    ...(store && {
      key_value_store_arn: {
        description: 'EDGE_KVS_ARN for the commands.',
        value: expression('aws_cloudfront_key_value_store.health.arn'),
      },
    }),
    ...(flipper && {
      flipper_arn: { description: 'The flipper.', value: expression('aws_lambda_function.flipper.arn') },
      topic_arn: { description: 'Topic of flips and alarms. Subscribe to it.', value: expression('aws_sns_topic.flipper.arn') },
    }),
    ...(monitoring && {
      topic_arn: {
        description: 'Topic of the alarms. Subscribe to it.',
        value: monitoringTopic,
      },
    }),
  };
}

/** What to add to the distribution, one line for each behavior. */
function describeHints(associations: readonly BehaviorAssociation[]): string[] {
  const block = 'a function_association block with event_type "viewer-request" and the output function_arn';
  if (associations.length === 0) return [`Add ${block} to each behavior that is to be routed.`];
  return associations.map(
    ({ distributionId, behavior }) => `Add ${block} to the behavior ${behavior} of ${distributionId ?? 'your distribution'}.`,
  );
}

function headOf({ edgeFunction, flipper, monitoring, associations }: Deployment, { code }: TerraformOptions): string[] {
  return [
    `Written by the command emit from edge.config.ts: change that file and emit again. ${pageOf('terraform.md')} explains it.`,
    ...(edgeFunction
      ? [
          code === 'a'
            ? 'Mode A: function:publish publishes the code; Terraform ignores it.'
            : "Mode B: Terraform publishes the code; edge.config.ts needs publishedBy: 'terraform'.",
          ...describeHints(associations),
        ]
      : []),
    ...(flipper
      ? ["The provider's region is the flipper's: one without an origin, and not us-east-1. filename needs the zip of flipper:package."]
      : []),
    ...(monitoring ? ["The provider's region must be us-east-1, the only one with CloudFront's metrics."] : []),
  ];
}

/** What `emit terraform` is asked for. */
interface TerraformRequest extends DeploymentOptions {
  /** `b`: Terraform publishes the code. Default as `publishedBy` says. */
  mode?: 'a' | 'b' | undefined;
  imports?: boolean | undefined;
  /** The file that the text goes to; undefined for stdout. */
  out: string | undefined;
  buildFunction: () => Promise<string>;
}

/** The text of a `.tf.json` file, and what a person must know beside it. */
export async function emitTerraform(request: TerraformRequest): Promise<{ value: TerraformDocument; text: string; notes: string[] }> {
  const { config, mode = config.publishedBy === 'terraform' ? 'b' : 'a', imports = false, out } = request;
  if (out !== undefined && !out.endsWith('.tf.json'))
    throw new EdgeError('USAGE', `--out ${out}: Terraform reads no such file`, {
      hint: 'its name must end in .tf.json, such as edge/edge.tf.json',
    });
  const deployment = planDeployment(request);
  const { edgeFunction, flipper } = deployment;
  const code = mode === 'b' && edgeFunction !== undefined ? { built: await request.buildFunction() } : 'a';
  const up = out === undefined ? '' : relative(resolve(out, '..'), '.').replaceAll('\\', '/');
  const value = buildTerraform(deployment, { code, imports, toProject: up === '' ? '' : `${up}/` });
  const publisher = mode === 'a' ? 'function:publish' : 'terraform';
  return {
    value,
    text: `${JSON.stringify(value, null, 2)}\n`,
    notes: [
      ...(edgeFunction && config.publishedBy !== publisher
        ? [`mode ${mode} needs publishedBy: '${publisher}' in edge.config.ts, which has '${config.publishedBy}'`]
        : []),
      ...(edgeFunction ? describeHints(deployment.associations) : []),
      ...(flipper ? [`before the plan: make ${flipper.packageFile} with the command flipper:package`] : []),
      ...(imports ? ['import blocks are for the root module alone, and for a function and a store that exist'] : []),
    ],
  };
}
