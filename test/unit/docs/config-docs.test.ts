import { readFileSync } from 'node:fs';
import { Validator } from '@cfworker/json-schema';
import { expect, it } from 'vitest';
import { writeConfigPage } from '../../docs/config-page.ts';
import { describeConfig, writeConfigSchema } from '../../docs/config-schema.ts';
import { annotate, type JsonSchema } from '../../docs/schema-comments.ts';
import sample from '../../fixtures/sample/edge.config.ts';

const page = readFileSync('docs/config.md', 'utf8');
const schemaFile = readFileSync('docs/edge-config.schema.json', 'utf8');

// `npm run docs docs/config.md docs/edge-config.schema.json` writes both.
it('docs/config.md and its JSON Schema are those of the schema’s comments', () => {
  expect(page).toBe(writeConfigPage(page));
  expect(schemaFile).toBe(writeConfigSchema());
});

it('every field of the schema is in one of the page’s tables', () => {
  const rows = [...page.matchAll(/^\| `([\w.<>[\]]+)`/gm)].map(([, field = '']) => field.split('.').at(-1));
  const names = listFields(describeConfig());
  expect(names.length).toBeGreaterThan(60);
  expect(names.filter((name) => !rows.includes(name))).toEqual([]);
});

it('a field without a comment, and a table of a part that is gone, are found', () => {
  const json = { properties: { text: { type: 'string' } } };
  expect(() => annotate(json, 'test/fixtures/undocumented-schema.ts', 'undocumented')).toThrow('fields without a comment: text');
  expect(() => writeConfigPage('<!-- fields: nothing -->\n<!-- end of fields -->')).toThrow('nothing');
});

it('a page with an older table is stale', () => {
  const older = page.replace(/^\| `healthyThreshold` .*\n/m, '');
  expect(older).not.toBe(page);
  expect(writeConfigPage(older)).toBe(page);
});

const validator = new Validator(JSON.parse(schemaFile), '2020-12');
const { region, ...regionless } = sample.origins.europe;

it.each([
  { when: 'the sample', config: sample },
  { when: 'environments that share all but a name', config: { ...sample, environments: { prod: { functionName: 'b' }, dev: {} } } },
  { when: 'environments that share nothing', config: { environments: { prod: sample } } },
  { when: 'a part of an origin', config: { ...sample, environments: { prod: { origins: { europe: { originId: 'b' } } } } } },
])('the JSON Schema accepts $when', ({ config }) => {
  expect(validator.validate(config).errors).toEqual([]);
});

it.each([
  { when: 'a misspelt field', config: { ...sample, orgins: {} } },
  { when: 'a number that is too small', config: { ...sample, health: { intervalMs: 0 } } },
  { when: 'a text for a number', config: { ...sample, health: { intervalMs: '10' } } },
  { when: 'a name with a space', config: { ...sample, functionName: 'a b' } },
  { when: 'an empty order', config: { ...sample, defaultOrder: [] } },
  { when: 'an unknown kind of signal', config: { ...sample, origins: { europe: { region, signals: [{ type: 'ping' }] } } } },
  { when: 'an origin without a region', config: { ...sample, origins: { ...sample.origins, europe: regionless } } },
  { when: 'no origins', config: { defaultOrder: ['a'] } },
  { when: 'a misspelt field of an environment', config: { ...sample, environments: { prod: { orgins: {} } } } },
  { when: 'a bad value of an environment', config: { ...sample, environments: { prod: { health: { intervalMs: 0 } } } } },
  { when: 'no environment', config: { ...sample, environments: {} } },
])('the JSON Schema refuses $when', ({ config }) => {
  expect(validator.validate(config).valid).toBe(false);
});

function listFields(json: JsonSchema): string[] {
  const own = Object.entries(json.properties ?? {}).flatMap(([name, field]) => [name, ...listFields(field)]);
  const inner = [json.items, json.additionalProperties, ...(json.oneOf ?? json.anyOf ?? [])];
  return [...own, ...inner.flatMap((each) => (typeof each === 'object' ? listFields(each) : []))];
}
