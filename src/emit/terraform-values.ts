import type { DeployReference, DeployText, KnownAtDeploy } from './deploy-text.ts';

// Values of Terraform's JSON syntax, where a text is a template:
// https://developer.hashicorp.com/terraform/language/syntax/json

export type Block = Record<string, unknown>;

const knownAtDeploy: Readonly<Record<KnownAtDeploy, string>> = {
  account: 'data.aws_caller_identity.current.account_id',
  partition: 'data.aws_partition.current.partition',
  // `name` is deprecated in provider 6, `region` is not in provider 5.
  region: 'data.aws_region.current.id',
  // A configuration has no name of its own.
  stack: 'var.flipper_name',
  storeArn: 'aws_cloudfront_key_value_store.health.arn',
  edgeFunctionArn: 'aws_cloudfront_function.router.arn',
  flipperArn: 'aws_lambda_function.flipper.arn',
  logGroupArn: 'aws_cloudwatch_log_group.flipper.arn',
  topicArn: 'aws_sns_topic.flipper.arn',
};

/** `FlipperName` is `flipper_name`. */
export function snakeCase(name: string): string {
  return name.replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
}

function referTo(reference: DeployReference): string {
  if ('input' in reference) return expression(`var.${snakeCase(reference.input)}`);
  // Terraform's ARN of a log group names the group, and a policy its streams.
  return `${expression(knownAtDeploy[reference.ref])}${reference.ref === 'logGroupArn' ? ':*' : ''}`;
}

/** A text that is one expression, such as `${aws_sns_topic.flipper.arn}`. */
export function expression(text: string): string {
  return `\${${text}}`;
}

/** Text that stays as it is. */
export function literal(text: string): string {
  // A replacement that is a text would have patterns of its own.
  return text.replace(/[$%](?=\{)/g, (sign) => sign + sign);
}

/** Text with references in it. */
export function templateOf(text: DeployText): string {
  const parts = typeof text === 'string' ? [text] : text;
  return parts.map((part) => (typeof part === 'string' ? literal(part) : referTo(part))).join('');
}

/** A text inside an expression. */
export function quoted(text: string): string {
  return JSON.stringify(literal(text));
}

/** The known values of AWS that the resources name, as data sources. */
export function listDataSources(resources: unknown): Block {
  const text = JSON.stringify(resources);
  return Object.fromEntries(
    ['aws_caller_identity', 'aws_partition', 'aws_region']
      .filter((type) => text.includes(`data.${type}.`))
      .map((type) => [type, { current: {} }]),
  );
}
