import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import edgeConfig from '../../fixtures/sample/edge.config.ts';
import { actionsOf, isAllowed, listOf, policyUrl, readPolicy, roles } from './read-policy.ts';

const config = parseEdgeConfig(edgeConfig);
const readme = readFileSync(new URL('../../../docs/iam/README.md', import.meta.url), 'utf8');
const placeholdersOf = (text: string) => [...new Set([...text.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name ?? ''))].sort();

/** Calls that name no resource, or that AWS only grants for all. */
const forAll = [
  'cloudfront:ListContinuousDeploymentPolicies',
  'cloudfront:ListDistributions',
  'cloudwatch:DescribeAlarms',
  'cloudwatch:GetMetricData',
];

describe.each(roles)('the policy of the %s', (role) => {
  const policy = readPolicy(role);

  it('is one that IAM takes: a version, and statements that allow, each with its own name', () => {
    expect(policy.Version).toBe('2012-10-17');
    const sids = policy.Statement.map(({ Sid }) => Sid);
    expect(new Set(sids).size).toBe(sids.length);
    for (const { Sid, Effect, ...rest } of policy.Statement) {
      expect(Sid).toMatch(/^[A-Za-z0-9]+$/);
      expect(Effect).toBe('Allow');
      expect(Object.keys(rest).sort()).toEqual(['Action', 'Resource']);
    }
  });

  it('names each action once, in full and in order', () => {
    const actions = actionsOf(policy);
    expect(actions.filter((action) => !/^[a-z0-9-]+:[A-Z][A-Za-z]+$/.test(action))).toEqual([]);
    expect(new Set(actions).size).toBe(actions.length);
    for (const { Action } of policy.Statement) expect(listOf(Action)).toEqual(listOf(Action).toSorted());
  });

  it('grants for every resource only what cannot be granted for one', () => {
    const open = policy.Statement.filter(({ Resource }) => listOf(Resource).includes('*'));
    expect(open.flatMap(({ Action }) => listOf(Action)).filter((action) => !forAll.includes(action))).toEqual([]);
    for (const { Resource } of policy.Statement)
      for (const resource of listOf(Resource))
        if (resource !== '*' && !resource.startsWith('arn:aws:route53:')) expect(resource).toMatch(/:\$\{AWS_ACCOUNT_ID\}:/);
  });

  it('has placeholders that the page explains, and no others', () => {
    for (const name of placeholdersOf(readFileSync(policyUrl(role), 'utf8'))) expect(readme).toContain(`\`${name}\``);
  });

  it('fits into one managed policy of 6,144 characters', () => {
    expect(JSON.stringify(policy).length).toBeLessThan(6_144);
  });
});

it.each([
  { role: 'operator' as const, cannot: 'change the function', action: 'cloudfront:UpdateFunction' },
  { role: 'operator' as const, cannot: 'change the distribution', action: 'cloudfront:UpdateDistribution' },
  { role: 'flipper' as const, cannot: 'change the function', action: 'cloudfront:PublishFunction' },
  { role: 'flipper' as const, cannot: 'see the origins’ secret', action: 'cloudfront:GetDistribution' },
  { role: 'reader' as const, cannot: 'move traffic', action: 'cloudfront-keyvaluestore:UpdateKeys' },
  { role: 'reader' as const, cannot: 'test a function, which runs it', action: 'cloudfront:TestFunction' },
])('the $role cannot $cannot', ({ role, action }) => {
  expect(actionsOf(readPolicy(role))).not.toContain(action);
});

it('is about the function of the sample configuration', () => {
  for (const role of ['publisher', 'reader'] as const) {
    const policy = readPolicy(role, { AWS_ACCOUNT_ID: '111122223333' });
    const arn = (name: string) => `arn:aws:cloudfront::111122223333:function/${name}`;
    expect(isAllowed(policy, 'cloudfront:GetFunction', arn(config.functionName))).toBe(true);
    expect(isAllowed(policy, 'cloudfront:GetFunction', arn(`${config.functionName}-2`))).toBe(false);
    expect(isAllowed(policy, 'cloudfront:GetFunction', arn(config.functionName).replace('1111', '9999'))).toBe(false);
  }
});

describe('the trust of GitHub’s tokens', () => {
  const text = readFileSync(policyUrl('github-oidc-trust'), 'utf8');
  const [statement] = (JSON.parse(text) as { Statement: Record<string, unknown>[] }).Statement;

  it('asks for the audience and for the whole subject, without a wildcard', () => {
    expect(statement?.['Action']).toBe('sts:AssumeRoleWithWebIdentity');
    const condition = statement?.['Condition'] as { StringEquals: Record<string, string | string[]> };
    expect(Object.keys(condition)).toEqual(['StringEquals']);
    expect(condition.StringEquals['token.actions.githubusercontent.com:aud']).toBe('sts.amazonaws.com');
    const subjects = listOf(condition.StringEquals['token.actions.githubusercontent.com:sub'] ?? []);
    expect(subjects).toHaveLength(2);
    for (const subject of subjects) expect(subject).toMatch(/^repo:.+:\$\{GITHUB_SUBJECT\}$/);
    expect(text).not.toMatch(/[*?]/);
  });

  it('has placeholders that the page explains', () => {
    for (const name of placeholdersOf(text)) expect(readme).toContain(`\`${name}\``);
  });
});
