import { type DeployReference, type DeployText, fillText, type KnownAtDeploy } from './deploy-text.ts';

// Values of a CloudFormation template, in the long form of its functions.

export type TemplateFields = Record<string, unknown>;

const knownAtDeploy: Readonly<Record<KnownAtDeploy, string>> = {
  account: 'AWS::AccountId',
  partition: 'AWS::Partition',
  region: 'AWS::Region',
  stack: 'AWS::StackName',
  storeArn: 'Store.Arn',
  edgeFunctionArn: 'EdgeFunction.FunctionARN',
  flipperArn: 'Function.Arn',
  logGroupArn: 'Log.Arn',
  topicArn: 'Topic',
};

function nameOf(reference: DeployReference): string {
  return 'input' in reference ? reference.input : knownAtDeploy[reference.ref];
}

/** A reference alone, or text with references in it. */
export function textOf(text: DeployText): unknown {
  if (typeof text === 'string') return text;
  const [first] = text;
  if (text.length === 1 && typeof first === 'object') {
    const name = nameOf(first);
    return name.includes('.') ? { 'Fn::GetAtt': name.split('.') } : { Ref: name };
  }
  const escaped = text.map((part) => (typeof part === 'string' ? part.replaceAll('${', '${!') : part));
  return { 'Fn::Sub': fillText(escaped, (reference) => `\${${nameOf(reference)}}`) };
}

/** The value under a condition, and else nothing. */
export function when(condition: string, value: unknown): unknown {
  return { 'Fn::If': [condition, value, { Ref: 'AWS::NoValue' }] };
}

export function not(condition: unknown): unknown {
  return { 'Fn::Not': [condition] };
}

export function equals(one: unknown, other: unknown): unknown {
  return { 'Fn::Equals': [one, other] };
}

/** A policy of one statement. */
export function policyDocument(statement: TemplateFields): TemplateFields {
  return { Version: '2012-10-17', Statement: [statement] };
}
