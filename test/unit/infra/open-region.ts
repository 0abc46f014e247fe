import { expect } from 'vitest';
import { openTemplate } from './open-template.ts';

/** infra/region.yaml, for the tests of what it must say. That it is a template at all: test/unit/infra. */
export const region = openTemplate('infra/region.yaml');

/** Properties of one of its resources, as loose as JSON. */
// biome-ignore lint/suspicious/noExplicitAny: a template is read unchanged.
export function propertiesOf(name: string): any {
  return region.Resources[name]?.Properties ?? expect.fail(`no resource ${name}`);
}

/** Names of its resources of one type. */
export function namesOf(type: string): string[] {
  return Object.entries(region.Resources).flatMap(([name, { Type }]) => (Type === type ? [name] : []));
}

/** The items of a list, those of its conditions included. */
export function listItems(list: unknown): object[] {
  return (list as object[]).flatMap((item) =>
    'Fn::If' in item ? listItems((item['Fn::If'] as unknown[]).slice(1)) : 'Ref' in item ? [] : [item],
  );
}
