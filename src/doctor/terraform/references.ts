import { isRecord } from '../../text/is-record.ts';
import { type Attributes, list, type TerraformPlan } from './read-plan.ts';

/**
 * The resources that an expression of a resource refers to, without indexes, such as `module.edge.aws_cloudfront_function.router`. Follows outputs and
 * variables of modules. `path` leads through the expressions: `['ordered_cache_behavior', 0, 'function_association']`. Empty where the configuration does
 * not say it, as inside a dynamic block.
 */
export function listReferences(plan: TerraformPlan, address: string, path: readonly (string | number)[]): Set<string> {
  const { modules, resource } = splitAddress(address);
  const module = openModule(plan.rootModule, modules);
  const found = list(module?.['resources']).find((each) => each['address'] === resource);
  const at = path.reduce<unknown>(
    (value, key) => (isRecord(value) || Array.isArray(value) ? (value as Attributes)[key] : undefined),
    found?.['expressions'],
  );
  const seen = new Set<string>();
  return new Set(collectReferences(at).flatMap((reference) => follow(plan.rootModule, modules, reference, seen)));
}

/** An address without the keys of count and for_each. */
export function withoutIndexes(address: string): string {
  return address.replace(/\[(?:\d+|"(?:[^"\\]|\\.)*")\]/g, '');
}

function splitAddress(address: string): { modules: string[]; resource: string } {
  const parts = withoutIndexes(address).split('.');
  const modules: string[] = [];
  while (parts[0] === 'module') modules.push(...parts.splice(0, 2).slice(1));
  return { modules, resource: parts.join('.') };
}

function openModule(root: Attributes, modules: readonly string[]): Attributes | undefined {
  return modules.reduce<Attributes | undefined>((module, name) => {
    const called = callOf(module, name)?.['module'];
    return isRecord(called) ? called : undefined;
  }, root);
}

function callOf(module: Attributes | undefined, name: string): Attributes | undefined {
  const calls = module?.['module_calls'];
  const call = isRecord(calls) ? calls[name] : undefined;
  return isRecord(call) ? call : undefined;
}

function collectReferences(expression: unknown): string[] {
  if (Array.isArray(expression)) return expression.flatMap(collectReferences);
  if (!isRecord(expression)) return [];
  const { references, ...rest } = expression;
  const own = Array.isArray(references) ? references.filter((each) => typeof each === 'string') : [];
  return [...own, ...Object.values(rest).flatMap(collectReferences)];
}

/** `seen` has what was followed already: references may form a circle in a file that Terraform did not write. */
function follow(root: Attributes, modules: readonly string[], reference: string, seen: Set<string>): string[] {
  const place = [...modules, reference].join(' ');
  if (seen.has(place)) return [];
  seen.add(place);
  const [first = '', second = '', third = ''] = withoutIndexes(reference).split('.');
  const module = openModule(root, modules);
  if (first === 'var') {
    const parent = modules.slice(0, -1);
    const expressions = callOf(openModule(root, parent), modules.at(-1) ?? '')?.['expressions'];
    const given = isRecord(expressions) ? expressions[second] : undefined;
    return collectReferences(given).flatMap((each) => follow(root, parent, each, seen));
  }
  if (first === 'module') {
    const called = callOf(module, second)?.['module'];
    const outputs = isRecord(called) ? called['outputs'] : undefined;
    const output = isRecord(outputs) ? outputs[third] : undefined;
    return collectReferences(isRecord(output) ? output['expression'] : undefined).flatMap((each) =>
      follow(root, [...modules, second], each, seen),
    );
  }
  const named = first === 'data' ? [first, second, third] : [first, second];
  return named.includes('') ? [] : [[...modules.flatMap((name) => ['module', name]), ...named].join('.')];
}
