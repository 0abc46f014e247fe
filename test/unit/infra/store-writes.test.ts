import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { openTemplate } from './open-template.ts';

const template = openTemplate('infra/store-writes.yaml');

it('reports each kind of write of the store by a principal that is not named, with a role or without', () => {
  const { EventPattern, Targets } = (template.Resources['Rule'] ?? expect.fail('no rule')).Properties as unknown as {
    EventPattern: { source: string[]; detail: Record<string, unknown> };
    Targets: { Arn: unknown }[];
  };
  expect(EventPattern.source).toEqual(['aws.edgekeyvaluestore']);
  // What the data plane has to write with (API model 2022-07-26).
  expect(EventPattern.detail['eventName']).toEqual(['UpdateKeys', 'PutKey', 'DeleteKey']);
  expect(EventPattern.detail['resources']).toEqual({ ARN: [{ Ref: 'KeyValueStoreArn' }] });
  const issuer = (test: object) => ({ userIdentity: { sessionContext: { sessionIssuer: { arn: [test] } } } });
  expect(EventPattern.detail['$or']).toEqual([issuer({ 'anything-but': { Ref: 'KnownRoleArns' } }), issuer({ exists: false })]);
  expect(Targets).toMatchObject([{ Arn: { Ref: 'TopicArn' } }]);
});

it('is deployed by docs/cloudtrail.md with all its parameters', () => {
  const text = readFileSync('docs/cloudtrail.md', 'utf8');
  for (const name of Object.keys(template.Parameters)) expect(text).toContain(`${name}=`);
});
