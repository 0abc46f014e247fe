import { nearestName } from '../../src/text/nearest-name.ts';
import { listPlaces, listReferences, listUses } from './list-uses.ts';
import type { Parameter, Template } from './parse-template.ts';

const pseudo = /^AWS::(Region|AccountId|Partition|NoValue|StackName|StackId|URLSuffix|NotificationARNs)$/;

/** What in a template refers to nothing, to what may not be there, or is there for nothing. */
export function checkReferences(template: Template): string[] {
  const { Parameters, Rules = {}, Conditions = {}, Resources, Outputs = {} } = template;
  const problems: string[] = [];
  const all = [...Object.keys(Parameters), ...Object.keys(Resources)];
  const needs = (path: string, known: readonly string[], name: string, what: string) => {
    if (known.includes(name)) return;
    const near = nearestName(name, known);
    problems.push(`${path}: there is no ${what} ${name}${near === undefined ? '' : `; did you mean ${near}?`}`);
  };

  const places = [
    ...Object.entries(Resources).map(([name, { Condition, Properties }]) => ({
      at: `Resources.${name}`,
      holds: Condition,
      value: { Properties },
    })),
    ...Object.entries(Outputs).map(([name, { Condition, Value }]) => ({ at: `Outputs.${name}`, holds: Condition, value: { Value } })),
  ];
  for (const { at, holds, value } of places) {
    if (holds !== undefined) needs(at, Object.keys(Conditions), holds, 'condition');
    for (const { target, path, guards } of listReferences(value)) {
      const where = `${at}.${path}`;
      if (!pseudo.test(target)) needs(where, all, target, 'parameter or resource');
      const needed = Resources[target]?.Condition;
      if (needed !== undefined && holds !== needed && !guards.includes(needed))
        problems.push(`${where}: ${target} is only there when ${needed} holds`);
    }
  }
  for (const [section, value] of Object.entries({ Rules, Conditions }))
    for (const { target, path } of listReferences(value))
      if (!pseudo.test(target)) needs(`${section}.${path}`, Object.keys(Parameters), target, 'parameter');
  for (const { name, argument, path } of listUses(template)) {
    if (name === 'Fn::If') needs(path, Object.keys(Conditions), String((argument as unknown[])[0]), 'condition');
    if (name === 'Condition' && path.startsWith('Conditions')) needs(path, Object.keys(Conditions), String(argument), 'condition');
    if (name === 'Fn::Sub' && Array.isArray(argument)) {
      const [text, own] = argument as [string, object];
      for (const unused of Object.keys(own).filter((key) => !listPlaces(text).includes(key)))
        problems.push(`${path}: nothing uses ${unused} of this Fn::Sub`);
    }
  }
  for (const [name, { DependsOn = [] }] of Object.entries(Resources))
    for (const target of [DependsOn].flat()) needs(`Resources.${name}.DependsOn`, Object.keys(Resources), target, 'resource');

  const used = listReferences(template).map(({ target }) => target);
  const held = [
    ...places.map(({ holds }) => holds),
    ...listUses(template).map(({ name, argument }) =>
      name === 'Fn::If' ? (argument as unknown[])[0] : name === 'Condition' ? argument : undefined,
    ),
  ];
  for (const name of Object.keys(Parameters)) if (!used.includes(name)) problems.push(`Parameters.${name}: nothing uses it`);
  for (const name of Object.keys(Conditions)) if (!held.includes(name)) problems.push(`Conditions.${name}: nothing uses it`);
  return [...problems, ...Object.entries(Parameters).flatMap(([name, parameter]) => checkDefault(name, parameter))];
}

/** A default that CloudFormation would refuse, as it would refuse the stack that says nothing else. */
function checkDefault(name: string, { Type, Default, AllowedValues, AllowedPattern, ...limits }: Parameter): string[] {
  if (Default === undefined) return [];
  const text = String(Default);
  const { MinLength = 0, MaxLength = Number.POSITIVE_INFINITY } = limits;
  const { MinValue = Number.NEGATIVE_INFINITY, MaxValue = Number.POSITIVE_INFINITY } = limits;
  const isGood =
    (AllowedValues === undefined || AllowedValues.map(String).includes(text)) &&
    (AllowedPattern === undefined || new RegExp(`^(?:${AllowedPattern})$`).test(text)) &&
    (Type === 'Number' ? Number(text) >= MinValue && Number(text) <= MaxValue : text.length >= MinLength && text.length <= MaxLength);
  return isGood ? [] : [`Parameters.${name}: its own rules refuse its default ${JSON.stringify(Default)}`];
}
