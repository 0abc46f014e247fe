import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { openTemplate } from './open-template.ts';

const text = ['infrastructure', 'flipper-access'].map((page) => readFileSync(`docs/${page}.md`, 'utf8')).join('\n');
const alarmsPage = readFileSync('docs/alarms.md', 'utf8');
const templates = ['region', 'flipper', 'alarm-forwarding', 'monitoring'].map((name) => openTemplate(`infra/${name}.yaml`));

it('the pages of the infrastructure give the templates parameters and ask them for outputs that they have', () => {
  const parameters = templates.flatMap(({ Parameters }) => Object.keys(Parameters));
  const given = [...text.matchAll(/(?<![\w-])([A-Z][A-Za-z]*[a-z])=/g)].map(([, name]) => name);
  expect(given.length).toBeGreaterThan(10);
  // What the AWS command line calls by such names.
  expect(given.filter((name) => !['Name', 'Values', 'Cidr'].includes(String(name)) && !parameters.includes(String(name)))).toEqual([]);
  const [region, , , monitoring] = templates;
  for (const template of [region, monitoring])
    for (const [name, { Default }] of Object.entries(template?.Parameters ?? {})) if (Default === undefined) expect(given).toContain(name);
  for (const name of ['AlbDomain', 'RepositoryUri', 'AddressesOut']) {
    expect(text).toContain(`\`${name}\``);
    expect(region?.Outputs).toHaveProperty(name);
  }
});

it('docs/alarms.md has every alarm in its table, and none that is in no template', () => {
  const ends = (pattern: RegExp, from: string) => [...from.matchAll(pattern)].map(([, end]) => end);
  const made = templates.flatMap(({ Resources }) =>
    Object.values(Resources)
      .filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')
      .flatMap(({ Properties: { AlarmName } }) => {
        const name =
          typeof AlarmName === 'string' ? AlarmName.replace('origin-router', '}') : (AlarmName as { 'Fn::Sub': string })['Fn::Sub'];
        return ends(/\}(-[a-z0-9-]+)$/g, name);
      }),
  );
  const [, table = ''] = /\n\n(\| alarm [\s\S]*?)\n\n/.exec(alarmsPage) ?? [];
  const named = ends(/`(?:[^`|]*>)?(-[a-z0-9-]+)`/g, table);
  expect(new Set(named)).toEqual(new Set(made));
});
