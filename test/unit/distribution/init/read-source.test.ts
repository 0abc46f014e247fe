import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSavedDistribution, readStateDistribution } from '../../../../src/distribution/init/read-source.ts';
import { surveyDistribution } from '../../../../src/distribution/init/survey.ts';
import { s3AndApi } from '../../../fixtures/adoption/shapes.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'init-source-'));
});
afterAll(() => rm(folder, { recursive: true }));

const config = s3AndApi();
const arn = 'arn:aws:cloudfront::111122223333:distribution/E1';
const domainName = 'd1.cloudfront.net';
const full = { ETag: 'E2', Distribution: { Id: 'E1', ARN: arn, Status: 'Deployed', DomainName: domainName, DistributionConfig: config } };

let count = 0;
async function saved(content: string | Uint8Array): Promise<string> {
  const path = join(folder, `${count++}.json`);
  await writeFile(path, content);
  return path;
}

const utf16 = (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le');

describe('a saved answer of the AWS CLI', () => {
  it.each([
    { form: 'get-distribution', content: JSON.stringify(full), id: 'E1' },
    { form: 'get-distribution without the ETag', content: JSON.stringify({ Distribution: full.Distribution }), id: 'E1' },
    { form: 'get-distribution --query Distribution', content: JSON.stringify(full.Distribution), id: 'E1' },
    { form: 'get-distribution-config', content: JSON.stringify({ ETag: 'E2', DistributionConfig: config }), id: undefined },
    { form: 'a config alone', content: JSON.stringify(config, undefined, 2), id: undefined },
    { form: 'with a byte order mark', content: `\uFEFF${JSON.stringify(full)}`, id: 'E1' },
    { form: 'in UTF-16, as PowerShell writes it', content: utf16(JSON.stringify(full)), id: 'E1' },
    { form: 'in UTF-16 of the other order', content: utf16(JSON.stringify(full)).swap16(), id: 'E1' },
    { form: 'in UTF-16 without a mark', content: utf16(JSON.stringify(full)).subarray(2), id: 'E1' },
  ])('is read: $form', async ({ content, id }) => {
    const found = await readSavedDistribution(await saved(content), undefined);
    expect(found).toMatchObject({ source: 'saved', id, config: JSON.parse(JSON.stringify(config)) });
    if (id !== undefined) expect(found).toMatchObject({ domainName, arn });
  });

  it('gets its id from --distribution where it has none', async () => {
    expect(await readSavedDistribution(await saved(JSON.stringify(config)), 'E9')).toMatchObject({ id: 'E9' });
  });

  it.each([
    { what: 'no JSON', content: 'Distribution:\n  Id: E1\n', says: 'is not JSON' },
    { what: 'an empty file', content: '', says: 'is not JSON' },
    { what: 'a list', content: '{"DistributionList": {"Items": []}}', says: 'a list of distributions' },
    { what: 'a CloudFormation template', content: '{"Resources": {}}', says: 'a CloudFormation template' },
    { what: 'a Terraform state', content: '{"version": 4, "resources": []}', says: 'a Terraform state' },
    { what: 'a config without its parts', content: '{"DistributionConfig": {"Comment": "x"}}', says: 'CallerReference' },
  ])('is refused: $what', async ({ content, says }) => {
    const reading = readSavedDistribution(await saved(content), undefined);
    await expect(reading).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(says),
      hint: expect.any(String),
    });
  });

  it('is refused when it is another distribution, or not there', async () => {
    await expect(readSavedDistribution(await saved(JSON.stringify(full)), 'E7')).rejects.toMatchObject({ code: 'USAGE' });
    await expect(readSavedDistribution(join(folder, 'none.json'), undefined)).rejects.toMatchObject({ code: 'CONFIG_MISSING' });
  });
});

const attributes = (id: string) => ({
  id,
  arn: arn.replace('E1', id),
  domain_name: domainName,
  caller_reference: 'terraform-1',
  comment: null,
  enabled: true,
  aliases: ['www.example.com'],
  http_version: 'http2and3',
  continuous_deployment_policy_id: '',
  origin: [
    {
      origin_id: 'api-sg',
      domain_name: 'api-sg.example.com',
      origin_path: '',
      connection_attempts: 3,
      connection_timeout: 10,
      custom_header: [{ name: 'x-region', value: 'ap-southeast-1' }],
      custom_origin_config: [
        {
          http_port: 80,
          https_port: 443,
          origin_protocol_policy: 'https-only',
          origin_ssl_protocols: ['TLSv1.2'],
          origin_read_timeout: 60,
          origin_keepalive_timeout: 5,
        },
      ],
      s3_origin_config: [],
      vpc_origin_config: [],
    },
    {
      origin_id: 'api-eu',
      domain_name: 'internal-eu.example.com',
      vpc_origin_config: [{ vpc_origin_id: 'vo_1', origin_read_timeout: 20 }],
    },
    {
      origin_id: 'site',
      domain_name: 'site.s3.amazonaws.com',
      origin_access_control_id: 'EOAC',
      custom_origin_config: [],
      s3_origin_config: [],
    },
  ],
  origin_group: [
    { origin_id: 'pair', failover_criteria: [{ status_codes: [503] }], member: [{ origin_id: 'api-sg' }, { origin_id: 'site' }] },
  ],
  default_cache_behavior: [
    { target_origin_id: 'site', viewer_protocol_policy: 'redirect-to-https', allowed_methods: ['GET', 'HEAD'], cache_policy_id: 'c' },
  ],
  ordered_cache_behavior: [
    {
      path_pattern: '/api/*',
      target_origin_id: 'api-sg',
      cache_policy_id: '',
      forwarded_values: [{ query_string: true, headers: ['Host'], cookies: [{ forward: 'all', whitelisted_names: [] }] }],
      function_association: [{ event_type: 'viewer-request', function_arn: 'arn:aws:cloudfront::111122223333:function/auth' }],
      lambda_function_association: [
        { event_type: 'origin-request', lambda_arn: 'arn:aws:lambda:us-east-1:111122223333:function:x:1', include_body: false },
      ],
      min_ttl: 0,
      default_ttl: 60,
      max_ttl: 60,
    },
  ],
});

const type = 'aws_cloudfront_distribution';
const stateFile = (...ids: string[]) => ({
  version: 4,
  terraform_version: '1.9.0',
  resources: [
    { mode: 'managed', type: 'aws_s3_bucket', name: 'site', instances: [{ attributes: {} }] },
    { mode: 'data', type, name: 'other', instances: [{ attributes: attributes('EDATA') }] },
    {
      module: 'module.web',
      mode: 'managed',
      type,
      name: 'this',
      instances: ids.map((id, index_key) => ({ index_key, attributes: attributes(id) })),
    },
  ],
});
const shown = (id: string) => ({
  format_version: '1.0',
  terraform_version: '1.9.0',
  values: {
    root_module: {
      resources: [{ address: 'aws_s3_bucket.site', mode: 'managed', type: 'aws_s3_bucket', values: {} }],
      child_modules: [
        { address: 'module.web', resources: [{ address: `module.web.${type}.this`, mode: 'managed', type, values: attributes(id) }] },
      ],
    },
  },
});

describe('a Terraform state', () => {
  it.each([
    { form: 'a state file', content: stateFile('E1') },
    { form: 'terraform show -json', content: shown('E1') },
    { form: 'a plan', content: { ...shown('E7'), prior_state: shown('E1') } },
  ])('is read from $form', async ({ content }) => {
    const found = await readStateDistribution(await saved(JSON.stringify(content)), undefined);
    expect(found).toMatchObject({ source: 'terraform', id: 'E1', arn, domainName });
    const { origins, behaviors } = surveyDistribution(found.config);
    expect(origins).toMatchObject([
      {
        id: 'api-sg',
        kind: 'custom host',
        region: 'ap-southeast-1',
        origin: { ConnectionAttempts: 3, CustomOriginConfig: { OriginReadTimeout: 60 } },
      },
      { id: 'api-eu', kind: 'VPC origin', origin: { VpcOriginConfig: { VpcOriginId: 'vo_1', OriginReadTimeout: 20 } } },
      { id: 'site', kind: 'S3 bucket' },
    ]);
    expect(behaviors).toMatchObject([
      {
        name: '/api/*',
        target: 'api-sg',
        viewerRequest: 'arn:aws:cloudfront::111122223333:function/auth',
        lambda: undefined,
        behavior: { DefaultTTL: 60 },
      },
      { name: 'default', target: 'site' },
    ]);
    expect(found.config.OriginGroups?.Items?.[0]?.Members?.Items).toEqual([{ OriginId: 'api-sg' }, { OriginId: 'site' }]);
  });

  it('with several distributions needs an id', async () => {
    const path = await saved(JSON.stringify(stateFile('E1', 'E2')));
    await expect(readStateDistribution(path, undefined)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('E2 (module.web'),
    });
    await expect(readStateDistribution(path, 'E3')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await readStateDistribution(path, 'E2')).toMatchObject({ id: 'E2' });
  });

  it.each([
    { what: 'none in it', content: stateFile(), code: 'NOT_FOUND' },
    { what: 'an answer of the AWS CLI', content: full, code: 'CONFIG_INVALID' },
    { what: 'something else', content: [1], code: 'CONFIG_INVALID' },
  ])('is refused with $what', async ({ content, code }) => {
    await expect(readStateDistribution(await saved(JSON.stringify(content)), undefined)).rejects.toMatchObject({
      code,
      hint: expect.any(String),
    });
  });
});
