import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EdgeConfigInput, parseEdgeConfig } from '../../../../src/config/edge-config.ts';
import type { Diagnosis } from '../../../../src/doctor/doctor.ts';
import { readTerraformPlan } from '../../../../src/doctor/terraform/read-plan.ts';
import { checkTerraformPlan, planChecks } from '../../../../src/doctor/terraform/terraform.ts';
import { hashCode } from '../../../../src/publish/stage.ts';
import * as made from '../../../fixtures/terraform/plans.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plan-'));
});
afterAll(() => rm(folder, { recursive: true }));

let count = 0;
async function save(content: unknown): Promise<string> {
  const path = join(folder, `${count++}.json`);
  await writeFile(path, typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content));
  return path;
}

const own: EdgeConfigInput = {
  distributions: [{ id: 'E2QWRUHEXAMPLE', behaviors: ['/api/*'] }],
  origins: { 'api-sg': { region: 'ap-southeast-1' }, 'api-eu': { region: 'eu-central-1' } },
  defaultOrder: ['api-sg', 'api-eu'],
  routes: [{ countries: ['DE'], order: ['api-eu', 'api-sg'] }],
};
const built = 'function handler(e) { return e.request; }';

async function check(content: unknown, more: Partial<EdgeConfigInput> = {}): Promise<Diagnosis[]> {
  const plan = await readTerraformPlan(await save(content));
  return checkTerraformPlan(planChecks, {
    plan,
    config: parseEdgeConfig({ ...own, ...more }),
    build: async () => ({ sha256: hashCode(built) }),
  });
}

/** The checks that are not ok, as `check outcome`. */
const problems = (diagnoses: readonly Diagnosis[]) =>
  diagnoses.filter(({ outcome }) => outcome !== 'ok').map((each) => `${each.check} ${each.outcome}`);
const foundBy = (diagnoses: readonly Diagnosis[], id: string) =>
  diagnoses
    .find((each) => each.check === id)
    ?.findings.map(({ found }) => found)
    .join('\n') ?? '';

const withSite = (after: made.Values | undefined, more: Partial<made.Written> = {}) => [
  { address: made.at.site, before: made.distribution(), after, ...more },
  ...made.steady.slice(1),
];
const api = (more: made.Values) => [
  { ...made.behavior('api-sg', { function_association: [made.association()], ...more }), path_pattern: '/api/*' },
];

describe('a plan that changes nothing of ours', () => {
  it('passes every check', async () => {
    expect(problems(await check(made.plan(made.steady)))).toEqual([]);
  });

  it.each([
    { what: 'only moves the resources', changes: made.steady.map((each) => ({ ...each, from: `old.${each.address}` })) },
    {
      what: 'changes a behavior of the team',
      changes: withSite(
        made.distribution({
          default_root_object: 'home.html',
          price_class: 'PriceClass_100',
          default_cache_behavior: [made.behavior('site', { function_association: [made.association('theirs')] })],
        }),
      ),
    },
    {
      what: 'adds an origin and a behavior',
      changes: withSite(
        made.distribution({
          origin: [...(made.distribution()['origin'] as []), made.origin('img')],
          ordered_cache_behavior: [...api({}), { ...made.behavior('img'), path_pattern: '/img/*' }],
        }),
      ),
    },
    {
      what: 'has the origins in another order',
      changes: withSite(made.distribution({ origin: [...(made.distribution()['origin'] as [])].reverse() })),
    },
    {
      what: 'creates the store’s other keys',
      changes: [...made.steady, { address: 'aws_cloudfrontkeyvaluestore_key.mine', after: made.storeKey('my/key') }],
    },
    {
      what: 'writes the health key of another store',
      changes: [
        ...made.steady,
        {
          address: 'aws_cloudfrontkeyvaluestore_key.mine',
          after: made.storeKey('health', 'ok', { key_value_store_arn: `${made.storeArn}0` }),
        },
      ],
    },
    {
      what: 'stops managing all keys',
      changes: [
        ...made.steady,
        {
          address: 'aws_cloudfrontkeyvaluestore_keys_exclusive.all',
          before: { key_value_store_arn: made.storeArn, resource_key_value_pair: [] },
        },
      ],
    },
  ])('passes when it $what', async ({ changes }) => {
    expect(problems(await check(made.plan(changes)))).toEqual([]);
  });

  it('does not blame the plan for what is wrong today', async () => {
    const cached = made.distribution({ ordered_cache_behavior: api({ cache_policy_id: made.cachingOptimized }) });
    const changes = [{ address: made.at.site, before: cached, after: { ...cached, comment: 'new' } }, ...made.steady.slice(1)];
    expect(problems(await check(made.plan(changes)))).toEqual([]);
  });
});

describe('a plan that breaks the distribution', () => {
  it.each([
    {
      what: 'removes the association',
      after: { ordered_cache_behavior: api({ function_association: [] }) },
      found: 'every-behavior fail',
      says: '/api/*',
    },
    {
      what: 'replaces the association',
      after: { ordered_cache_behavior: api({ function_association: [made.association('other')] }) },
      found: 'every-behavior fail',
      says: 'function/other',
    },
    { what: 'removes the behavior', after: { ordered_cache_behavior: [] }, found: 'every-behavior fail', says: '/api/*' },
    {
      what: 'puts a wider behavior in front',
      after: { ordered_cache_behavior: [{ ...made.behavior('site'), path_pattern: '/*' }, ...api({})] },
      found: 'every-behavior fail',
      says: '/*',
    },
    { what: 'removes an origin', after: { origin: [made.origin('site'), made.origin('api-sg')] }, found: 'origins fail', says: 'api-eu' },
    {
      what: 'renames an origin',
      after: { origin: [made.origin('site'), made.origin('api-sg'), made.origin('api-frankfurt')] },
      found: 'origins fail',
      says: 'api-eu',
    },
    {
      what: 'takes the country away',
      after: { ordered_cache_behavior: api({ origin_request_policy_id: made.allViewer }) },
      found: 'country fail',
      says: 'CloudFront-Viewer-Country',
    },
    {
      what: 'caches for all regions',
      after: { ordered_cache_behavior: api({ cache_policy_id: made.cachingOptimized }) },
      found: 'cached-content fail',
      says: '/api/*',
    },
    {
      what: 'names a policy that is none',
      after: { ordered_cache_behavior: api({ origin_request_policy_id: '216adef6-5c04-47e4-8448-69f88d76e8d0' }) },
      found: 'policies fail',
      says: '216adef6',
    },
    {
      what: 'forbids POST',
      after: { ordered_cache_behavior: api({ allowed_methods: ['GET', 'HEAD', 'OPTIONS'] }) },
      found: 'allowed-methods warn',
      says: 'POST',
    },
    {
      what: 'raises the timeouts',
      after: {
        origin: [made.origin('site'), made.origin('api-sg', { connection_attempts: 3, connection_timeout: 10 }), made.origin('api-eu')],
      },
      found: 'timeouts fail',
      says: ' s',
    },
    {
      what: 'targets an origin group with POST',
      after: {
        origin_group: [
          { origin_id: 'both', failover_criteria: [{ status_codes: [503] }], member: [{ origin_id: 'api-sg' }, { origin_id: 'api-eu' }] },
        ],
        ordered_cache_behavior: [{ ...api({})[0], target_origin_id: 'both' }],
      },
      found: 'origin-groups fail',
      says: 'both',
    },
    {
      what: 'adds an origin group without the codes of an outage',
      after: {
        origin_group: [
          { origin_id: 'both', failover_criteria: [{ status_codes: [500] }], member: [{ origin_id: 'api-sg' }, { origin_id: 'api-eu' }] },
        ],
      },
      found: 'origin-group-codes fail',
      says: '503 and 504',
    },
    {
      what: 'sends one of the headers of WebSocket',
      after: {
        ordered_cache_behavior: api({
          cache_policy_id: '',
          origin_request_policy_id: '',
          forwarded_values: [{ query_string: true, headers: ['Sec-WebSocket-Key'], cookies: [{ forward: 'all' }] }],
        }),
      },
      found: 'web-socket fail',
      says: 'sec-websocket-version',
    },
    {
      what: 'adds Lambda@Edge on the viewer request',
      after: {
        ordered_cache_behavior: api({
          lambda_function_association: [
            { event_type: 'viewer-request', lambda_arn: 'arn:aws:lambda:us-east-1:111122223333:function:x:1', include_body: false },
          ],
        }),
      },
      found: 'distribution fail',
      says: 'Lambda@Edge',
    },
    { what: 'disables it', after: { enabled: false }, found: 'distribution fail', says: 'disables' },
  ])('reports one that $what', async ({ after, found, says }) => {
    const diagnoses = await check(made.plan(withSite(made.distribution(after))));
    expect(problems(diagnoses)).toContain(found);
    expect(foundBy(diagnoses, found.split(' ')[0] ?? '')).toContain(says);
  });

  it('reports one that takes OPTIONS from the cached methods, and names real-time logs', async () => {
    const whole = { cached_methods: ['GET', 'HEAD', 'OPTIONS'] };
    const before = made.distribution({ ordered_cache_behavior: api(whole) });
    const after = made.distribution({
      ordered_cache_behavior: api({ realtime_log_config_arn: 'arn:aws:cloudfront::1:realtime-log-config/x' }),
    });
    const diagnoses = await check(made.plan([{ address: made.at.site, before, after }, ...made.steady.slice(1)]));
    expect(problems(diagnoses)).toEqual(['options warn']);
    expect(foundBy(diagnoses, 'pricing-plan')).toContain('real-time logs of /api/*');
  });

  it('reports its end once, and its replacement', async () => {
    expect(problems(await check(made.plan(withSite(undefined))))).toEqual(['distribution fail']);
    expect(problems(await check(made.plan(withSite(made.distribution({ id: undefined }), { actions: ['delete', 'create'] }))))).toContain(
      'distribution fail',
    );
    expect(problems(await check(made.plan(withSite(undefined, { actions: ['forget'] }))))).toEqual(['distribution warn']);
  });

  it('reports the end of everything', async () => {
    const gone = made.steady.map(({ address, before }) => ({ address, before }));
    expect(problems(await check(made.plan(gone)))).toEqual(['distribution fail', 'function fail', 'store fail']);
  });

  it('says what it does not see', async () => {
    expect(problems(await check(made.plan([])))).toEqual(['plan warn']);
    expect(problems(await check(made.plan(made.steady, { errored: true })))).toEqual(['plan warn']);
    expect(problems(await check(made.plan(made.steady, { complete: false })))).toEqual(['plan warn']);
    expect(problems(await check(made.plan([...made.steady, { address: 'awscc_cloudfront_distribution.x', after: {} }])))).toEqual([
      'plan warn',
    ]);
  });
});

describe('several distributions', () => {
  const second = made.distribution({ id: 'E2SECOND', arn: 'arn:aws:cloudfront::111122223333:distribution/E2SECOND' });
  const changes = [
    ...made.steady,
    { address: 'module.web.aws_cloudfront_distribution.more["b.c"]', before: second, after: { ...second, origin: [] } },
  ];
  const distributions = [...(own.distributions ?? []), { id: 'E2SECOND', behaviors: ['/api/*'] }];

  it('are distinguished by their addresses', async () => {
    const diagnoses = await check(made.plan(changes), { distributions });
    expect(foundBy(diagnoses, 'origins')).toContain('more["b.c"]');
    expect(foundBy(diagnoses, 'origins')).not.toContain(`${made.at.site} has no`);
  });

  it('are checked only where edge.config.ts names them', async () => {
    expect(problems(await check(made.plan(changes)))).toEqual([]);
  });

  it('are found by their origins where it names none', async () => {
    const diagnoses = await check(made.plan(changes), { distributions: undefined });
    expect(problems(diagnoses)).toContain('origins fail');
  });
});

describe('values that only the apply knows', () => {
  const unknownArn = { ordered_cache_behavior: [{ function_association: [{ function_arn: true }] }] };
  const openBehavior = api({ function_association: [{ event_type: 'viewer-request' }] });
  const created = [
    {
      address: made.at.site,
      before: made.distribution(),
      after: made.distribution({ ordered_cache_behavior: openBehavior }),
      unknown: unknownArn,
    },
    { address: made.at.router, after: made.edgeFunction({ arn: undefined }), unknown: { arn: true, key_value_store_associations: true } },
    { address: made.at.store, after: made.store({ arn: undefined }), unknown: { arn: true } },
  ];
  const refersTo = (references: string[]) => ({
    root_module: {
      module_calls: {
        web: {
          expressions: { viewer_request_arn: { references } },
          module: {
            resources: [
              {
                address: 'aws_cloudfront_distribution.site',
                mode: 'managed',
                type: 'aws_cloudfront_distribution',
                name: 'site',
                expressions: {
                  ordered_cache_behavior: [{ function_association: [{ function_arn: { references: ['var.viewer_request_arn'] } }] }],
                },
              },
            ],
          },
        },
        edge: {
          module: {
            outputs: {
              function_arn: { expression: { references: ['aws_cloudfront_function.router.arn', 'aws_cloudfront_function.router'] } },
            },
          },
        },
      },
    },
  });

  it('are resolved through outputs and variables of modules', async () => {
    const configuration = refersTo(['module.edge[0].function_arn', 'module.edge[0]', 'module.edge']);
    expect(problems(await check(made.plan(created, { configuration })))).toEqual([]);
  });

  it('are no claim where the configuration does not say it', async () => {
    expect(problems(await check(made.plan(created)))).toEqual(['every-behavior warn']);
    expect(problems(await check(made.plan(created, { configuration: refersTo(['local.arn']) })))).toEqual(['every-behavior warn']);
  });

  it.each([
    {
      what: 'all behaviors',
      after: { ordered_cache_behavior: undefined },
      unknown: { ordered_cache_behavior: true },
      found: ['every-behavior warn'],
    },
    { what: 'all origins', after: { origin: undefined }, unknown: { origin: true }, found: ['origins warn'] },
    {
      what: 'the id of an origin',
      after: { origin: [made.origin('site'), made.origin('api-sg'), { ...made.origin('x'), origin_id: undefined }] },
      unknown: { origin: [{}, {}, { origin_id: true }] },
      found: ['origins fail'],
    },
    {
      what: 'the name of an origin',
      after: { origin: [made.origin('site'), made.origin('api-sg'), made.origin('api-eu', { domain_name: undefined })] },
      unknown: { origin: [{}, {}, { domain_name: true }] },
      found: ['origins warn'],
    },
    {
      what: 'a policy',
      after: { ordered_cache_behavior: api({ cache_policy_id: undefined }) },
      unknown: { ordered_cache_behavior: [{ cache_policy_id: true }] },
      found: ['country warn'],
    },
    {
      what: 'the whole distribution',
      after: {},
      unknown: { ...Object.fromEntries(Object.keys(made.distribution()).map((name) => [name, true])) },
      found: ['origins warn', 'every-behavior warn', 'origin-groups warn'],
    },
  ])('are a warning: $what', async ({ after, unknown, found }) => {
    const diagnoses = await check(made.plan(withSite(made.distribution(after), { unknown })));
    expect(problems(diagnoses)).toEqual(expect.arrayContaining(found.filter((each) => !each.endsWith('fail'))));
    if (found.every((each) => each.endsWith('warn'))) expect(problems(diagnoses).filter((each) => each.endsWith('fail'))).toEqual([]);
  });

  it('reads a policy that the same apply creates', async () => {
    const policy = {
      name: 'no-country',
      cookies_config: [{ cookie_behavior: 'none', cookies: [] }],
      headers_config: [{ header_behavior: 'whitelist', headers: [{ items: ['Accept'] }] }],
      query_strings_config: [{ query_string_behavior: 'all', query_strings: [] }],
    };
    const changes = [
      ...withSite(made.distribution({ ordered_cache_behavior: api({ origin_request_policy_id: undefined }) }), {
        address: 'aws_cloudfront_distribution.site',
        unknown: { ordered_cache_behavior: [{ origin_request_policy_id: true }] },
      }),
      { address: 'aws_cloudfront_origin_request_policy.mine', after: policy, unknown: { id: true, etag: true } },
    ];
    const configuration = {
      root_module: {
        resources: [
          {
            address: 'aws_cloudfront_distribution.site',
            expressions: {
              ordered_cache_behavior: [{ origin_request_policy_id: { references: ['aws_cloudfront_origin_request_policy.mine.id'] } }],
            },
          },
        ],
      },
    };
    expect(problems(await check(made.plan(changes, { configuration })))).toContain('country fail');
  });
});

describe('the function', () => {
  const withRouter = (after: made.Values | undefined, more: Partial<made.Written> = {}) => [
    made.steady[0] as made.Written,
    { address: made.at.router, before: made.edgeFunction(), after, ...more },
    made.steady[2] as made.Written,
  ];

  it.each([
    { what: 'old code', after: made.edgeFunction({ code: 'old' }), found: 'function fail' },
    { what: 'another comment', after: made.edgeFunction({ comment: 'router' }), found: 'function fail' },
    { what: 'no store', after: made.edgeFunction({ key_value_store_associations: [] }), found: 'function fail' },
    {
      what: 'another store',
      after: made.edgeFunction({ key_value_store_associations: ['arn:aws:cloudfront::1:key-value-store/2'] }),
      found: 'function fail',
    },
    { what: 'runtime 1.0', after: made.edgeFunction({ runtime: 'cloudfront-js-1.0' }), found: 'function fail' },
    {
      what: 'code that only the apply knows',
      after: made.edgeFunction({ code: undefined }),
      unknown: { code: true },
      found: 'function warn',
    },
    { what: 'a harmless update that publishes', after: made.edgeFunction({ tags: {} }), found: 'function warn' },
    { what: 'another name', after: made.edgeFunction({ name: 'x' }), actions: ['delete', 'create'], found: 'function fail' },
    { what: 'an end', after: undefined, found: 'function fail' },
  ])('is reported with $what', async ({ after, found, ...more }) => {
    expect(problems(await check(made.plan(withRouter(after, more))))).toEqual([found]);
  });

  it('may be forgotten, or created', async () => {
    expect(problems(await check(made.plan(withRouter(undefined, { actions: ['forget'] }))))).toEqual([]);
    expect(problems(await check(made.plan(withRouter(made.edgeFunction(), { before: undefined }))))).toEqual([]);
  });

  it.each([
    { what: 'the build', after: made.edgeFunction({ code: built, comment: 'x' }), found: [] },
    { what: 'other code', after: made.edgeFunction({ code: 'old' }), found: ['function fail'] },
    { what: 'no publish', after: made.edgeFunction({ code: built, publish: false }), found: ['function fail'] },
    {
      what: 'code that only the apply knows',
      after: made.edgeFunction({ code: undefined }),
      unknown: { code: true },
      found: ['function warn'],
    },
  ])('of Terraform is compared with the working tree: $what', async ({ after, found, ...more }) => {
    expect(problems(await check(made.plan(withRouter(after, more)), { publishedBy: 'terraform' }))).toEqual(found);
  });
});

describe('the store', () => {
  it.each([
    { what: 'deleted', after: undefined },
    { what: 'recreated', after: made.store({ arn: undefined }), actions: ['delete', 'create'] },
    { what: 'renamed', after: made.store({ name: 'other' }), actions: ['create', 'delete'] },
  ])('must not be $what', async ({ after, actions }) => {
    const changes = [...made.steady.slice(0, 2), { address: made.at.store, before: made.store(), after, ...(actions && { actions }) }];
    expect(problems(await check(made.plan(changes)))).toEqual(['store fail']);
  });

  const keyAt = 'aws_cloudfrontkeyvaluestore_key.it';
  const pair = (key: string) => ({ key, value: 'x' });
  it.each([
    { what: 'a created health key', key: { address: keyAt, after: made.storeKey('health') }, found: 'fail', says: 'health' },
    {
      what: 'a changed state',
      key: { address: keyAt, before: made.storeKey('state', '{}'), after: made.storeKey('state') },
      found: 'fail',
      says: 'state',
    },
    { what: 'a deleted audit entry', key: { address: keyAt, before: made.storeKey('audit/03') }, found: 'fail', says: 'audit/03' },
    {
      what: 'a publish record that stays',
      key: { address: keyAt, before: made.storeKey('publish/0'), after: made.storeKey('publish/0') },
      found: 'warn',
      says: 'publish/0',
    },
    {
      what: 'a key of a store that is not known yet',
      key: {
        address: keyAt,
        after: made.storeKey('health', 'ok', { key_value_store_arn: undefined }),
        unknown: { key_value_store_arn: true },
      },
      found: 'warn',
      says: 'may be',
    },
    {
      what: 'all keys',
      key: {
        address: 'aws_cloudfrontkeyvaluestore_keys_exclusive.all',
        before: {
          key_value_store_arn: made.storeArn,
          resource_key_value_pair: ['mine', 'health', 'state', 'audit/00', 'audit/01'].map(pair),
        },
        after: { key_value_store_arn: made.storeArn, resource_key_value_pair: [pair('mine')] },
      },
      found: 'fail',
      says: 'health, state, audit/00 and 1 more',
    },
    {
      what: 'all keys from now on',
      key: {
        address: 'aws_cloudfrontkeyvaluestore_keys_exclusive.all',
        after: { key_value_store_arn: made.storeArn, resource_key_value_pair: [] },
      },
      found: 'fail',
      says: 'edge-health',
    },
  ])('must not lose its keys to Terraform: $what', async ({ key, found, says }) => {
    const diagnoses = await check(made.plan([...made.steady, key]));
    expect(problems(diagnoses)).toEqual([`store-keys ${found}`]);
    expect(foundBy(diagnoses, 'store-keys')).toContain(says);
  });

  it('knows the keys of a prefix', async () => {
    const changes = [...made.steady, { address: keyAt, after: made.storeKey('staging/health') }];
    expect(problems(await check(made.plan(changes)))).toEqual([]);
    expect(problems(await check(made.plan(changes), { keyPrefix: 'staging' }))).toEqual(['store-keys fail']);
  });

  it('follows a reference to a store that the same apply creates', async () => {
    const changes = [
      ...made.steady.slice(0, 2),
      { address: 'aws_cloudfront_key_value_store.health', after: made.store({ arn: undefined }), unknown: { arn: true } },
      { address: keyAt, after: made.storeKey('health', 'ok', { key_value_store_arn: undefined }), unknown: { key_value_store_arn: true } },
    ];
    const resources = [
      { address: keyAt, expressions: { key_value_store_arn: { references: ['aws_cloudfront_key_value_store.health.arn'] } } },
    ];
    const diagnoses = await check(made.plan(changes, { configuration: { root_module: { resources } } }));
    expect(problems(diagnoses)).toEqual(['store-keys fail']);
  });
});

describe('the output', () => {
  it('repeats no value that the team marked as sensitive', async () => {
    const after = made.distribution({
      origin: [made.origin('site'), made.origin('api-sg', { domain_name: 'secret-name.example.com' }), made.origin('api-eu')],
    });
    const sensitive = { origin: true };
    const origins = { ...own.origins, 'api-sg': { region: 'ap-southeast-1', domainName: 'api-sg.example.com' } };
    const diagnoses = await check(made.plan(withSite(after, { sensitive })), { origins });
    expect(foundBy(diagnoses, 'origins')).toContain('origin api-sg is (sensitive)');
    expect(JSON.stringify(diagnoses)).not.toContain('secret-name');
  });
});

describe('a file that is not a plan', () => {
  it.each([
    { what: 'no JSON', content: 'resource "x" {}', says: 'is not JSON' },
    { what: 'no JSON in three lines', content: 'x\nbad\nfoo', says: 'is not JSON' },
    { what: 'empty', content: '', says: 'is not JSON' },
    { what: 'a list', content: '[]', says: 'one JSON object' },
    { what: 'the plan itself', content: new Uint8Array([0x50, 0x4b, 3, 4, 0, 0]), says: 'only Terraform reads' },
    { what: 'the log of plan -json', content: '{"@level":"info","@message":"x"}\n{"@level":"info"}\n', says: 'the log' },
    { what: 'one line of that log', content: '{"@level":"info"}', says: 'the log' },
    {
      what: 'a shown state',
      content: { format_version: '1.0', terraform_version: '1.11.4', values: { root_module: {} } },
      says: 'a Terraform state',
    },
    { what: 'an empty shown state', content: { format_version: '1.0', terraform_version: '1.11.4' }, says: 'a Terraform state' },
    { what: 'a state file', content: { version: 4, terraform_version: '1.11.4', resources: [] }, says: 'a Terraform state' },
    { what: 'another format', content: made.plan([], { format_version: '2.0' }), says: 'format 2.0' },
    { what: 'damaged', content: made.plan([], { resource_changes: {} }), says: 'damaged' },
    { what: 'a file of another tool', content: { Resources: {} }, says: 'no plan' },
  ])('is refused in one line: $what', async ({ content, says }) => {
    const path = await save(content);
    await expect(readTerraformPlan(path)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(new RegExp(`^[^\\n]*${says}[^\\n]*$`)),
      hint: expect.any(String),
    });
  });

  it('is refused when it is nested too deeply', async () => {
    const depth = 200_000;
    const module = `${'{"child_modules":['.repeat(depth)}${']}'.repeat(depth)}`;
    const text = `{"format_version":"1.2","resource_changes":[],"planned_values":{"root_module":${module}}}`;
    await expect(readTerraformPlan(await save(text))).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('ends where references form a circle', async () => {
    const address = 'aws_cloudfront_distribution.site';
    const after = made.distribution({
      ordered_cache_behavior: [
        { ...made.behavior('api-sg', { function_association: [{ event_type: 'viewer-request' }] }), path_pattern: '/api/*' },
      ],
    });
    const unknown = { ordered_cache_behavior: [{ function_association: [{ function_arn: true }] }] };
    const of = (references: string[]) => ({ references });
    const root_module = {
      resources: [{ address, expressions: { ordered_cache_behavior: [{ function_association: [{ function_arn: of(['module.a.x']) }] }] } }],
      module_calls: {
        a: {
          expressions: { v: of(['module.a.x', 'module.a.y']) },
          module: { outputs: { x: { expression: of(['var.v', 'var.v']) }, y: { expression: of(['var.v']) } } },
        },
      },
    };
    const changes = [{ address, before: made.distribution(), after, unknown }, ...made.steady.slice(1)];
    expect(problems(await check(made.plan(changes, { configuration: { root_module } })))).toEqual(['every-behavior warn']);
  });

  it('is refused when it is not there', async () => {
    await expect(readTerraformPlan(join(folder, 'none'))).rejects.toMatchObject({ code: 'CONFIG_MISSING' });
  });

  it('is read in UTF-16, and from OpenTofu', async () => {
    const text = JSON.stringify(made.plan(made.steady, { terraform_version: '1.9.0' }));
    expect((await readTerraformPlan(await save(Buffer.from(`\uFEFF${text}`, 'utf16le')))).changes).toHaveLength(3);
  });

  it('survives odd plans', async () => {
    const odd = [
      null,
      1,
      'x',
      {},
      { address: 1 },
      { address: 'a.b', type: 'aws_cloudfront_distribution', change: { actions: 'x', before: [], after: 3 } },
    ];
    for (const resource_changes of [odd, [], undefined])
      expect(await check(made.plan([], { resource_changes, configuration: null, planned_values: [], prior_state: 7 }))).toBeInstanceOf(
        Array,
      );
  });

  it('is read with ten thousand other resources in seconds', async () => {
    const many = Array.from({ length: 10_000 }, (_, place) => ({
      address: `aws_s3_object.it[${place}]`,
      after: { key: `file-${place}`, content: 'x'.repeat(500) },
    }));
    const path = await save(made.plan([...many, ...made.steady]));
    const start = performance.now();
    const { changes, counts } = await readTerraformPlan(path);
    expect([changes.length, counts]).toEqual([3, { resources: 10_003, changed: 10_000 }]);
    expect(performance.now() - start).toBeLessThan(3_000);
  });
});
