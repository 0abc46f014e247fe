/** One use of a function, wherever in a template it is. */
export interface Use {
  /** `Ref`, `Condition` or `Fn::…`. */
  name: string;
  argument: unknown;
  /** Dotted, from the value that was searched. */
  path: string;
  /** Conditions that hold at its place: those of each Fn::If in whose first branch it is. */
  guards: readonly string[];
}

/** Something that a template refers to. */
export interface Reference {
  target: string;
  /** Of a resource; undefined for its Ref. */
  attribute: string | undefined;
  path: string;
  guards: readonly string[];
}

/** Every use of a function, outer ones before those inside them. */
export function listUses(value: unknown, path = '', guards: readonly string[] = []): Use[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => listUses(item, join(path, String(index)), guards));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, argument]) => {
    // A policy's Condition has a mapping for its value, CloudFormation's a name.
    const isUse = name === 'Ref' || name.startsWith('Fn::') || (name === 'Condition' && typeof argument === 'string');
    const inside = isUse ? path : join(path, name);
    if (name === 'Fn::If' && Array.isArray(argument)) {
      const [condition, yes, no] = argument as [string, unknown, unknown];
      return [{ name, argument, path, guards }, ...listUses(yes, path, [...guards, condition]), ...listUses(no, path, guards)];
    }
    return [...(isUse ? [{ name, argument, path, guards }] : []), ...listUses(argument, inside, guards)];
  });
}

/** The parameters, resources and pseudo parameters that a value refers to. */
export function listReferences(value: unknown): Reference[] {
  return listUses(value).flatMap(({ name, argument, path, guards }) => {
    const at = (text: string, own: readonly string[] = []): Reference[] => {
      const [target = '', ...rest] = text.split('.');
      return own.includes(text) ? [] : [{ target, attribute: rest.length === 0 ? undefined : rest.join('.'), path, guards }];
    };
    if (name === 'Ref') return [{ target: String(argument), attribute: undefined, path, guards }];
    if (name === 'Fn::GetAtt') return at(Array.isArray(argument) ? argument.join('.') : String(argument));
    if (name !== 'Fn::Sub') return [];
    const [text, own] = Array.isArray(argument) ? (argument as [string, object]) : [String(argument), {}];
    return listPlaces(text).flatMap((place) => at(place, Object.keys(own)));
  });
}

/** The names in `${…}` of a text of Fn::Sub. */
export function listPlaces(text: string): string[] {
  return [...text.matchAll(/\$\{([^}!]+)\}/g)].map(([, place = '']) => place.trim());
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
