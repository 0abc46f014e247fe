import { readFileSync } from 'node:fs';

interface Statement {
  Sid: string;
  Effect: string;
  Action: string | string[];
  Resource: string | string[];
}

export interface Policy {
  Version: string;
  Statement: Statement[];
}

export const roles = ['publisher', 'operator', 'flipper', 'reader'] as const;

export type Role = (typeof roles)[number];

export const policyUrl = (name: string) => new URL(`../../../docs/iam/${name}.json`, import.meta.url);

/** The policy of a role, its placeholders filled; one that has no value stays as it is. */
export function readPolicy(role: Role, values: Readonly<Record<string, string>> = {}): Policy {
  return fillPolicy(JSON.parse(readFileSync(policyUrl(role), 'utf8')), values);
}

/** A policy with its placeholders filled; one that has no value stays as it is. */
export function fillPolicy(policy: Policy, values: Readonly<Record<string, string>>): Policy {
  return JSON.parse(JSON.stringify(policy).replace(/\$\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole)) as Policy;
}

export const listOf = (value: string | string[]): string[] => (typeof value === 'string' ? [value] : value);

/** Every action of a policy. */
export function actionsOf({ Statement }: Policy): string[] {
  return Statement.flatMap(({ Action }) => listOf(Action));
}

/**
 * As IAM decides when nothing denies: some statement has the action and a pattern of the resource, in which `*` is any
 * text.
 */
export function isAllowed({ Statement }: Policy, action: string, resource: string): boolean {
  return Statement.some(
    ({ Effect, Action, Resource }) =>
      Effect === 'Allow' && listOf(Action).includes(action) && listOf(Resource).some((pattern) => matches(pattern, resource)),
  );
}

function matches(pattern: string, resource: string): boolean {
  const source = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${source.join('.*')}$`).test(resource);
}
