import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { readProjectFile } from '../../../src/config/open-project.ts';
import { planDeployment } from '../../../src/emit/deployment.ts';
import type { DeploymentPart } from '../../../src/emit/inputs.ts';
import { buildTerraform, emitTerraform, type TerraformOptions } from '../../../src/emit/terraform.ts';
import { literal } from '../../../src/emit/terraform-values.ts';
import edgeConfig from '../../fixtures/sample/edge.config.ts';
import known from '../../fixtures/terraform/provider-attributes.json' with { type: 'json' };

type Fields = Record<string, unknown>;

const distribution = readFileSync('test/fixtures/sample/distribution.json', 'utf8');
const everything = parseEdgeConfig({
  ...edgeConfig,
  origins: {
    singapore: { region: 'ap-southeast-1', signals: [{ type: 'alarm', alarmName: `singapore "\${down}" %{x}` }] },
    europe: { region: 'eu-central-1', signals: [{ type: 'route53', healthCheckId: '0123abcd-0123-0123-0123-0123456789ab' }] },
  },
  notifications: [{ type: 'sns' }],
});
const options: TerraformOptions = { code: 'a', toProject: '../', imports: false };
const build = (parts: DeploymentPart[], more: Partial<TerraformOptions> = {}, config = everything) =>
  buildTerraform(planDeployment({ config, environment: undefined, distribution, parts }), { ...options, ...more }) as {
    [name: string]: Fields;
    resource: Record<string, Record<string, Fields>>;
  };
const documents = {
  'function and store': build(['function', 'store']),
  flipper: build(['function', 'store', 'flipper']),
  'the sample’s flipper': build(['flipper'], {}, parseEdgeConfig(edgeConfig)),
  monitoring: build(['monitoring']),
};

const meta = ['count', 'lifecycle', 'depends_on', 'dynamic', '//', 'provider'];
const inventory = known.resources as unknown as Record<string, { arguments: Fields; computed: string[] } | undefined>;

/** Names in a body that the provider's schema does not have. */
function findUnknown(body: Fields, schema: Fields, at: string): string[] {
  return Object.entries(body).flatMap(([name, value]): string[] => {
    if (meta.includes(name) && name !== 'dynamic') return [];
    if (name === 'dynamic')
      return Object.entries(value as Record<string, { content: Fields }>).flatMap(([block, { content }]) =>
        findUnknown({ [block]: content }, schema, at),
      );
    const inner = schema[name];
    if (inner === undefined) return [`${at}.${name}`];
    return typeof inner === 'object' && typeof value === 'object' && value !== null
      ? findUnknown(value as Fields, inner as Fields, `${at}.${name}`)
      : [];
  });
}

describe.each(Object.entries(documents))('the document of %s', (_name, document) => {
  it('names only arguments that the provider’s schema has', () => {
    const unknown = Object.entries(document.resource).flatMap(([type, all]) =>
      Object.entries(all).flatMap(([name, body]) => findUnknown(body, inventory[type]?.arguments ?? {}, `${type}.${name}`)),
    );
    expect(unknown).toEqual([]);
    expect(Object.keys(document.resource).filter((type) => inventory[type] === undefined)).toEqual([]);
  });

  it('refers only to what it has, by attributes that the schema has', () => {
    const text = JSON.stringify(document);
    const found = [...text.matchAll(/(?<![\w.$])((?:data\.)?aws_\w+)\.(\w+)(?:\[\d+\])?\.(\w+)/g)];
    const data = (document['data'] ?? {}) as Record<string, Fields>;
    const broken = found.filter(([, type = '', name = '', attribute = '']) => {
      const body = type.startsWith('data.') ? data[type.slice(5)]?.[name] : document.resource[type]?.[name];
      const schema = inventory[type];
      return body === undefined || !(attribute in (schema?.arguments ?? {}) || schema?.computed.includes(attribute) || attribute === 'id');
    });
    expect(broken.map(([all]) => all)).toEqual([]);
    const variables = new Set([...text.matchAll(/\bvar\.(\w+)/g)].map(([, name]) => name));
    expect([...variables].filter((name) => !(String(name) in (document['variable'] ?? {})))).toEqual([]);
  });
});

describe('the function', () => {
  const functionOf = (document: ReturnType<typeof build>) => document.resource['aws_cloudfront_function']?.['router'];

  it('is ours in mode A, and Terraform ignores what function:publish writes', () => {
    expect(functionOf(documents.flipper)).toMatchObject({ publish: true, lifecycle: { ignore_changes: ['code', 'comment'] } });
  });

  it('has the built code in mode B, with every template sign kept', () => {
    const built = ['var a = `$', '{b}`; var c = "%{d} $$', '{e}";'].join('');
    expect(functionOf(build(['function', 'store'], { code: { built } }))).toMatchObject({ code: literal(built), publish: true });
    expect(functionOf(build(['function', 'store'], { code: { built } }))).not.toHaveProperty('lifecycle');
  });

  it('needs provider 5.43, and with the flipper’s runtime 6.20', () => {
    const versionOf = (document: Fields) =>
      (document['terraform'] as { required_providers: { aws: { version: string } } }).required_providers.aws.version;
    expect(versionOf(documents['function and store'])).toBe('>= 5.43.0');
    expect(versionOf(documents.flipper)).toBe('>= 6.20.0');
  });

  it('is imported only when asked for', () => {
    expect(documents.flipper['import']).toBeUndefined();
    expect(build(['function', 'store'], { imports: true })['import']).toEqual([
      { to: 'aws_cloudfront_key_value_store.health', id: 'edge-health' },
      { to: 'aws_cloudfront_function.router', id: 'origin-router' },
    ]);
  });
});

it('is equal for equal configurations, and names no place of the sample', () => {
  expect(JSON.stringify(build(['function', 'store', 'flipper']))).toBe(JSON.stringify(documents.flipper));
  expect(documents.flipper.resource['aws_cloudfront_key_value_store']?.['health']).toMatchObject({ lifecycle: { prevent_destroy: true } });
});

describe('the text', () => {
  const request = { config: everything, environment: undefined, distribution, parts: ['function', 'store', 'flipper'] as const };
  const buildFunction = async () => 'built';

  it('is in the mode that publishedBy says, and says so when another is asked for', async () => {
    const asked = { ...request, out: undefined, buildFunction };
    expect((await emitTerraform(asked)).text).toContain('ignore_changes');
    expect((await emitTerraform({ ...asked, config: { ...everything, publishedBy: 'terraform' } })).text).not.toContain('ignore_changes');
    expect((await emitTerraform({ ...asked, mode: 'b' })).notes).toContainEqual(expect.stringContaining("publishedBy: 'terraform'"));
    expect((await emitTerraform({ ...asked, mode: 'a' })).notes).not.toContainEqual(expect.stringContaining('publishedBy'));
  });

  it('leads from its own folder to the zip, and goes to a file that Terraform reads', async () => {
    const zipOf = async (out: string | undefined) =>
      /"filename": "([^"]*)"/.exec((await emitTerraform({ ...request, out, buildFunction })).text)?.[1];
    const module = ['$', '{path.module}'].join('');
    expect(await zipOf(undefined)).toBe(`${module}/dist/flipper.zip`);
    expect(await zipOf('edge.tf.json')).toBe(`${module}/dist/flipper.zip`);
    expect(await zipOf('infra/edge/edge.tf.json')).toBe(`${module}/../../dist/flipper.zip`);
    await expect(zipOf('edge.json')).rejects.toMatchObject({ code: 'USAGE' });
  });
});

describe('examples/terraform', () => {
  const files = ['main.tf', 'variables.tf', 'outputs.tf'].map((name) => join('examples/terraform', name));

  it('has what emit writes for its configuration', async () => {
    const config = parseEdgeConfig(await readProjectFile({ EDGE_CONFIG: 'examples/terraform/edge.config.ts' }));
    const deployment = planDeployment({ config, environment: undefined, distribution: undefined, parts: ['function', 'store', 'flipper'] });
    expect(JSON.parse(readFileSync('examples/terraform/edge/edge.tf.json', 'utf8'))).toEqual(buildTerraform(deployment, options));
  });

  it('names only arguments that the provider’s schema has', () => {
    const unknown: string[] = [];
    for (const file of files) {
      const path: { name: string; schema: Fields | undefined }[] = [];
      for (const line of readFileSync(file, 'utf8').split('\n')) {
        const [, block, label = ''] = /^\s*(\w+)(?: "(\w+)")?(?: "\w+")? \{$/.exec(line) ?? [];
        const argument = /^\s*(\w+)\s*=/.exec(line)?.[1];
        const schema = path.at(-1)?.schema;
        if ((block ?? argument) !== undefined && schema !== undefined && !((block ?? argument ?? '') in schema))
          unknown.push(`${file}: ${line.trim()}`);
        const inner = schema?.[block ?? ''];
        const top = block === 'resource' ? inventory[label]?.arguments : block === 'data' ? inventory[label]?.arguments : undefined;
        if (block !== undefined) path.push({ name: block, schema: top ?? (typeof inner === 'object' ? (inner as Fields) : undefined) });
        else if (/\{$/.test(line)) path.push({ name: '', schema: undefined });
        else if (/^\s*\}$/.test(line)) path.pop();
      }
      expect(path).toEqual([]);
    }
    expect(unknown).toEqual([]);
  });
});

const terraform = (() => {
  try {
    execFileSync('terraform', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
if (!terraform) process.stderr.write('terraform is not installed: its own checks of emit terraform are skipped\n');

describe.skipIf(!terraform)('Terraform itself [optional terraform]', () => {
  let folder: string;
  const run = (cwd: string, ...args: string[]): string => {
    const env = { ...process.env, TF_CLI_CONFIG_FILE: join(folder, 'rc'), CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1' };
    try {
      return execFileSync('terraform', [...args, '-no-color'], { cwd, env, encoding: 'utf8', stdio: 'pipe' });
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      return stdout + stderr;
    }
  };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'emit-terraform-'));
    mkdirSync(join(folder, 'mirror'));
    // Without a registry: an empty mirror answers at once.
    writeFileSync(
      join(folder, 'rc'),
      `provider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(join(folder, 'mirror'))}\n  }\n}\n`,
    );
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(Object.entries({ ...documents, 'mode B': build(['function', 'store'], { code: { built: 'x' }, imports: true }) }))(
    'loads the configuration of %s, and misses only the provider',
    (name, document) => {
      const at = join(folder, name.replace(/\W/g, '-'));
      mkdirSync(at);
      writeFileSync(join(at, 'edge.tf.json'), JSON.stringify(document, null, 2));
      const said = run(at, 'init', '-backend=false', '-input=false');
      expect([...said.matchAll(/Error: .*/g)].map(([line]) => line)).toEqual(['Error: Failed to query available provider packages']);
    },
    60_000,
  );

  it('finds examples/terraform formatted, and loads it with its module', () => {
    expect(run('examples/terraform', 'fmt', '-check', '-recursive')).toBe('');
    const at = join(folder, 'example');
    cpSync('examples/terraform', at, { recursive: true });
    const said = run(at, 'init', '-backend=false', '-input=false');
    expect([...said.matchAll(/Error: .*/g)].map(([line]) => line)).toEqual(['Error: Failed to query available provider packages']);
  }, 60_000);

  it('evaluates what the resources say about the variables', () => {
    const at = join(folder, 'values');
    mkdirSync(at);
    const { resource, variable } = documents.flipper;
    const text = ['`$', '{b}` "%{d} $$', '{e} $$$', '{f}"'].join('');
    const networks = resource['aws_lambda_function']?.['flipper']?.['dynamic'] as { vpc_config: Fields } | undefined;
    const output = {
      pattern: { value: resource['aws_cloudwatch_event_rule']?.['alarms']?.['event_pattern'] },
      networks: { value: networks?.vpc_config['for_each'] },
      reserved: { value: resource['aws_lambda_function']?.['flipper']?.['reserved_concurrent_executions'] },
      text: { value: literal(text) },
    };
    writeFileSync(join(at, 'values.tf.json'), JSON.stringify({ variable, output }));
    const required = Object.entries(variable ?? {}).flatMap(([name, given]) =>
      'default' in (given as Fields) ? [] : [[name, 'a.example.com']],
    );
    writeFileSync(
      join(at, 'terraform.tfvars.json'),
      JSON.stringify({
        ...Object.fromEntries(required),
        subnet_ids: ['s'],
        signal_alarm_prefix: 'p-',
        reserved_concurrency: 0,
        ...('secret_arn' in (variable ?? {}) && { secret_arn: 'arn:aws:secretsmanager:x' }),
      }),
    );
    run(at, 'init', '-input=false');
    run(at, 'apply', '-auto-approve', '-input=false');
    const found = JSON.parse(run(at, 'output', '-json')) as Record<string, { value: unknown }>;
    expect(JSON.parse(String(found['pattern']?.value)).detail.alarmName).toEqual([`singapore "\${down}" %{x}`, { prefix: 'p-' }]);
    expect(found['networks']?.value).toEqual([['s']]);
    expect(found['reserved']?.value).toBe(-1);
    expect(found['text']?.value).toBe(text);
  }, 60_000);
});
