import { describeConfig, describeEnvironments } from './config-schema.ts';
import type { JsonSchema } from './schema-comments.ts';

interface Row {
  field: string;
  value: string;
  fallback: string;
  meaning: string;
}

const table = /<!-- fields:(.*?) -->\n[\s\S]*?<!-- end of fields -->/g;

/**
 * docs/config.md with a table of fields at each `<!-- fields: path -->`, such as `health` or
 * `origins.<alias>.signals[]`; without a path those of the top level. A field below another mark is not repeated. What
 * the page has around the tables is written by hand.
 */
export function writeConfigPage(page: string): string {
  const json = describeConfig();
  const marks = [...page.matchAll(table)].map(([, path = '']) => path.trim());
  return page.replace(table, (_, path: string) => {
    const rows = listRows(find(json, path.trim()), { prefix: '', path: path.trim(), marks: new Set(marks) });
    if (path.trim() === '') rows.push({ field: 'environments', value: 'object of objects', ...splitDefault(describeEnvironments()) });
    return [`<!-- fields:${path} -->`, '', ...formatTable(rows), '', '<!-- end of fields -->'].join('\n');
  });
}

interface Where {
  prefix: string;
  path: string;
  marks: ReadonlySet<string>;
}

function listRows(json: JsonSchema, where: Where): Row[] {
  const variants = json.oneOf ?? json.anyOf;
  if (variants !== undefined) return listVariants(variants, where);
  return Object.entries(json.properties ?? {}).flatMap(([name, field]) => {
    const path = where.path === '' ? name : `${where.path}.${name}`;
    const row = rowOf(`${where.prefix}${name}`, field, json.required?.includes(name) === true);
    const [ending, inner] = innerOf(field);
    const isMarked = where.marks.has(path + ending);
    const rows =
      inner === undefined || isMarked ? [] : listRows(inner, { ...where, prefix: `${where.prefix}${name}${ending}.`, path: path + ending });
    return [row, ...rows];
  });
}

/** The fields of each variant, with its type in brackets unless all have them alike. */
function listVariants(variants: readonly JsonSchema[], where: Where): Row[] {
  const types = variants.map(({ properties }) => String(properties?.['type']?.const ?? ''));
  const type: Row = {
    field: `${where.prefix}type`,
    value: types.map((name) => `\`${name}\``).join(', '),
    fallback: 'required',
    meaning: 'kind',
  };
  const lists = variants.map((variant) => listRows(variant, where).filter(({ field }) => field !== type.field));
  const isCommon = (row: Row) => lists.every((rows) => rows.some((other) => JSON.stringify(other) === JSON.stringify(row)));
  const common = (lists[0] ?? []).filter(isCommon);
  const own = lists.flatMap((rows, index) =>
    rows.filter((row) => !isCommon(row)).map((row) => ({ ...row, field: `${row.field}\` (\`${types[index]}` })),
  );
  return [...(types.some((name) => name !== '') ? [type] : []), ...common, ...own];
}

/** What a list or a record holds, or an object itself, with the ending of its path. */
function innerOf(field: JsonSchema): [string, JsonSchema | undefined] {
  if (field.properties !== undefined) return ['', field];
  if (field.items !== undefined && isObject(field.items)) return ['[]', field.items];
  if (typeof field.additionalProperties === 'object' && isObject(field.additionalProperties))
    return ['.<alias>', field.additionalProperties];
  return ['', undefined];
}

function isObject({ properties, oneOf, anyOf }: JsonSchema): boolean {
  return properties !== undefined || (oneOf ?? anyOf ?? []).some((variant) => variant.properties !== undefined);
}

function find(json: JsonSchema, path: string): JsonSchema {
  const parts = path.split(/\.|(?=\[\])/).filter((part) => part !== '');
  return parts.reduce((at, part) => {
    const next = part === '[]' ? at.items : part === '<alias>' ? at.additionalProperties : at.properties?.[part];
    if (typeof next !== 'object') throw new Error(`docs/config.md has a table of ${path}, which the schema does not have`);
    return next;
  }, json);
}

function rowOf(field: string, json: JsonSchema, isRequired: boolean): Row {
  const { fallback, meaning } = splitDefault(json.description ?? '');
  const written = isRequired ? 'required' : fallback || (json.default === undefined ? undefined : formatDefault(json));
  if (written === undefined)
    throw new Error(`${field}: the comment must say what absence means, in a last sentence "Default: …" or "Required …"`);
  return { field, value: describeValue(json), fallback: written, meaning };
}

/** A last sentence such as `Default: none.` or `Required without services.` goes to the column of defaults. */
function splitDefault(comment: string): { fallback: string; meaning: string } {
  const [, before = '', text = ''] = /^(.*?)(?:^|(?<=[.:] ))((?:Default:? |Required ).*)$/s.exec(comment) ?? [];
  if (text === '') return { fallback: '', meaning: comment.replace(/\.$/, '') };
  const fallback = text
    .replace(/^Default:? /, '')
    .replace(/^Required /, 'required ')
    .replace(/\.$/, '');
  return { fallback, meaning: before.trim().replace(/\.$/, '') };
}

function formatDefault({ default: value, properties }: JsonSchema): string {
  if (properties !== undefined) return 'those of its fields';
  if (typeof value === 'number') return `\`${groupDigits(value)}\``;
  if (Array.isArray(value)) return value.length === 0 ? 'none' : `\`[${value.join(', ')}]\``;
  if (typeof value === 'object' && value !== null) return 'none';
  return `\`${String(value)}\``;
}

/** The type with its limits: `whole number, 1 to 100`. */
function describeValue(json: JsonSchema): string {
  const variants = json.oneOf ?? json.anyOf;
  if (json.const !== undefined) return `\`${String(json.const)}\``;
  if (json.enum !== undefined) return json.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (variants !== undefined) return [...new Set(variants.map(describeValue))].join(' or ');
  if (json.type === 'array') return `list${formatBounds(' of', json.minItems, json.maxItems)}; each ${describeItem(json.items ?? {})}`;
  if (json.type === 'integer' || json.type === 'number') {
    const max = json.maximum === Number.MAX_SAFE_INTEGER ? undefined : json.maximum;
    if (json.exclusiveMinimum !== undefined) return `number above ${json.exclusiveMinimum}${max === undefined ? '' : `, at most ${max}`}`;
    return `${json.type === 'integer' ? 'whole number' : 'number'}${formatBounds(',', json.minimum, max)}`;
  }
  if (json.type === 'boolean') return '`true` or `false`';
  if (json.type !== 'string') {
    if (typeof json.additionalProperties !== 'object' || isObject(json.additionalProperties)) return 'object';
    return json.additionalProperties.type === 'integer' ? 'object of whole numbers' : 'object of texts';
  }
  // `a name is 1 to 63 of a-z` and `must be a host name` are sentences for a refusal.
  const [, rule] = /(?:\bis|must be) (.*)$/.exec(json.patternErrorMessage ?? '') ?? [];
  return rule ?? json.patternErrorMessage ?? `text${formatBounds(' of', json.minLength, json.maxLength, ' characters')}`;
}

function describeItem(json: JsonSchema): string {
  return isObject(json)
    ? 'an object'
    : json.type === 'string' && json.patternErrorMessage === undefined && json.enum === undefined
      ? 'a text'
      : describeValue(json);
}

function formatBounds(word: string, min: number | undefined, max: number | undefined, unit = ''): string {
  if (min === undefined && max === undefined) return '';
  if (max === undefined) return `${word} ${groupDigits(min ?? 0)} or more${unit}`;
  return `${word} ${min === undefined ? 'up' : groupDigits(min)} to ${groupDigits(max)}${unit}`;
}

function groupDigits(value: number): string {
  return value >= 1_000 ? value.toLocaleString('en').replaceAll(',', '_') : String(value);
}

function formatTable(rows: readonly Row[]): string[] {
  const escapeBars = (text: string) => text.replaceAll('|', '\\|');
  return [
    '| field | value | default | meaning |',
    '| --- | --- | --- | --- |',
    ...rows.map(
      (row) =>
        `| \`${row.field}\`${row.field.includes('(') ? ')' : ''} | ${[row.value, row.fallback, row.meaning].map(escapeBars).join(' | ')} |`,
    ),
  ];
}
