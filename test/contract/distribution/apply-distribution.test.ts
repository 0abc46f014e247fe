import { CreateDistributionCommand, type DistributionConfig } from '@aws-sdk/client-cloudfront';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { applyToAll, showPlan } from '../../../scripts/distribution/write.ts';
import { applyDistribution } from '../../../src/distribution/distribution.ts';
import { createApplied, openTestDistribution, readFile, runCommand, type TestDistribution } from './open-test-distribution.ts';

let test: TestDistribution;
beforeEach(async () => {
  test = await openTestDistribution();
});
afterEach(() => test.close());

const webAcl = 'arn:aws:wafv2:us-east-1:111122223333:global/webacl/a/1';
const plan = (given = {}) => runCommand(test, (target, _, io) => showPlan(target, false, io), given);
const apply = (given = {}) => runCommand(test, applyToAll, given);

/** Everything a team may have added in the console. */
const addOthers = (config: DistributionConfig): Partial<DistributionConfig> => ({
  WebACLId: webAcl,
  Aliases: { Quantity: 2, Items: ['www.example.com', 'old.example.com'] },
  Logging: { Enabled: true, IncludeCookies: false, Bucket: 'logs.s3.amazonaws.com', Prefix: 'edge/' },
  DefaultRootObject: 'index.html',
  CustomErrorResponses: {
    Quantity: 5,
    Items: [{ ErrorCode: 404, ErrorCachingMinTTL: 1 }, ...(config.CustomErrorResponses?.Items ?? [])],
  },
  Restrictions: { GeoRestriction: { RestrictionType: 'whitelist', Quantity: 1, Items: ['SG'] } },
  Origins: {
    Quantity: 3,
    Items: [
      {
        Id: 'assets',
        DomainName: 'assets.example.com',
        CustomOriginConfig: { HTTPPort: 80, HTTPSPort: 443, OriginProtocolPolicy: 'https-only' },
      },
      ...(config.Origins?.Items ?? []),
    ],
  },
  CacheBehaviors: {
    Quantity: 2,
    Items: [
      {
        PathPattern: '/assets/*',
        TargetOriginId: 'assets',
        ViewerProtocolPolicy: 'redirect-to-https',
        CachePolicyId: '658327ea-f89d-4fab-a63d-7e88639e58f6',
      },
      ...(config.CacheBehaviors?.Items ?? []),
    ],
  },
});
const others = [
  'Origins[assets]',
  'CacheBehaviors[/assets/*]',
  'Aliases[old.example.com]',
  'WebACLId',
  'Logging',
  'DefaultRootObject',
  'CustomErrorResponses[404]',
  'Restrictions',
];

describe('distribution:plan', () => {
  it('shows a distribution that would be created, without its secret, and writes nothing', async () => {
    const { code, result } = await plan();
    expect(code).toBe(0);
    expect(result.distribution).toBeNull();
    expect(result.changes).toContainEqual({ kind: 'add', path: 'Aliases[www.example.com]', before: null, after: 'www.example.com' });
    expect(JSON.stringify(result)).toContain('ap-southeast-1');
    expect(JSON.stringify(result)).not.toContain('open sesame');
    expect(test.writes()).toEqual([]);
  });

  it('is empty for what was just applied, although the service has written its defaults into it', async () => {
    const id = await createApplied(test);
    expect((await plan()).result).toEqual({
      target: expect.objectContaining({ environment: null }),
      distribution: { id, domainName: expect.any(String) },
      changes: [],
      kept: [],
      hazards: [],
    });
  });

  it('names each change by its path, a secret only as changed', async () => {
    await createApplied(test);
    const file = await readFile({ ORIGIN_VERIFY_SECRET: 'another', EUROPE_DOMAIN: 'new.example.com' });
    const { result } = await plan({ file });
    expect(result.changes).toEqual([
      { kind: 'change', path: 'Origins[singapore].CustomHeaders[x-origin-verify].HeaderValue', before: '(hidden)', after: '(hidden)' },
      { kind: 'change', path: 'Origins[europe].DomainName', before: 'europe.example.com', after: 'new.example.com' },
      { kind: 'change', path: 'Origins[europe].CustomHeaders[x-origin-verify].HeaderValue', before: '(hidden)', after: '(hidden)' },
    ]);
  });

  it('lists what others have added as kept', async () => {
    const id = await createApplied(test);
    await test.edit(id, addOthers);
    const { result } = await plan();
    expect(result.changes).toEqual([]);
    expect(result.kept.map(({ path }: { path: string }) => path).sort()).toEqual(others.toSorted());
  });

  it('refuses to drop what is not there, and says what could be', async () => {
    const id = await createApplied(test);
    await test.edit(id, () => ({ WebACLId: webAcl }));
    expect((await plan({ drop: ['WebACLID'] })).code).toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('--drop WebACLID'),
      hint: expect.stringMatching(/WebACLId$/),
    });
  });
});

describe('distribution:apply', () => {
  it('creates the distribution and waits until it is deployed', async () => {
    const { code, result, err } = await apply();
    expect(code).toBe(0);
    expect(result).toMatchObject({ written: true, deployed: true, distribution: { id: expect.stringMatching(/^E/) } });
    expect(err).toContain('waiting until distribution');
    expect((await test.read(result.distribution.id)).status).toBe('Deployed');
  });

  it('before the function is published says how to publish it', async () => {
    const { FunctionAssociations, ...behavior } = test.file.DefaultCacheBehavior ?? {};
    const Items = FunctionAssociations?.Items?.map((item) => ({ ...item, FunctionARN: `${item.FunctionARN}-2` }));
    const file = { ...test.file, DefaultCacheBehavior: { ...behavior, FunctionAssociations: { Quantity: 1, Items } } as never };
    expect((await apply({ file })).code).toMatchObject({ code: 'AWS', hint: expect.stringContaining('function:publish') });
  });

  it('does nothing the second time', async () => {
    await createApplied(test);
    const { code, result } = await apply();
    expect({ code, written: result.written }).toEqual({ code: 0, written: false });
    expect(test.writes()).toEqual([]);
  });

  it('changes its own part and keeps everything that others have added', async () => {
    const id = await createApplied(test);
    await test.edit(id, addOthers);
    const before = (await test.read(id)).config;
    const { code, result } = await apply({ file: await readFile({ EUROPE_DOMAIN: 'new.example.com' }) });
    expect(code).toBe(0);
    expect(result.changes).toEqual([
      { kind: 'change', path: 'Origins[europe].DomainName', before: 'europe.example.com', after: 'new.example.com' },
    ]);
    const after = (await test.read(id)).config;
    const origins = before.Origins?.Items?.map((origin) =>
      origin.Id === 'europe' ? { ...origin, DomainName: 'new.example.com' } : origin,
    );
    expect(after).toEqual({ ...before, Origins: { Quantity: 3, Items: origins } });
  });

  it('puts its part onto a distribution that others have made', async () => {
    const { Distribution } = await test.client.send(
      new CreateDistributionCommand({
        DistributionConfig: {
          CallerReference: 'theirs',
          Comment: 'theirs',
          Enabled: true,
          Origins: {
            Quantity: 1,
            Items: [{ Id: 'web', DomainName: 'web.s3.amazonaws.com', S3OriginConfig: { OriginAccessIdentity: '' } }],
          },
          DefaultCacheBehavior: {
            TargetOriginId: 'web',
            ViewerProtocolPolicy: 'allow-all',
            ForwardedValues: { QueryString: false, Cookies: { Forward: 'none' } },
          },
        },
      }),
    );
    const id = Distribution?.Id ?? '';
    expect((await apply({ id })).code).toBe(0);
    const { config } = await test.read(id);
    expect(config.Origins?.Items?.map(({ Id }) => Id).sort()).toEqual(['europe', 'singapore', 'web']);
    expect((await plan({ id })).result.changes).toEqual([]);
  });

  it('drops what the options name and nothing else', async () => {
    const id = await createApplied(test);
    await test.edit(id, addOthers);
    const { code, result } = await apply({ drop: ['WebACLId', 'Aliases', 'CacheBehaviors[/assets/*]'] });
    expect(code).toBe(0);
    expect(result.changes.map(({ kind, path }: { kind: string; path: string }) => `${kind} ${path}`).sort()).toEqual([
      'change WebACLId',
      'remove Aliases[old.example.com]',
      'remove CacheBehaviors[/assets/*]',
    ]);
    const { config } = await test.read(id);
    expect(config).toMatchObject({ WebACLId: '', Aliases: { Items: ['www.example.com'] }, DefaultRootObject: 'index.html' });
    expect(config.Origins?.Items?.map(({ Id }) => Id)).toContain('assets');
  });

  it('puts a behavior that others have moved back into the file’s order', async () => {
    const id = await createApplied(test);
    const { DefaultCacheBehavior: template } = test.file;
    const behavior = (PathPattern: string) => ({ ...template, PathPattern }) as never;
    const file = { ...test.file, CacheBehaviors: { Quantity: 2, Items: [behavior('/api/*'), behavior('/*.json')] } };
    await apply({ file });
    await test.edit(id, () => ({ CacheBehaviors: { Quantity: 2, Items: [behavior('/*.json'), behavior('/api/*')] } }));
    const { result } = await apply({ file });
    expect(result.changes).toEqual([
      { kind: 'change', path: 'CacheBehaviors', before: ['/*.json', '/api/*'], after: ['/api/*', '/*.json'] },
    ]);
    expect((await test.read(id)).config.CacheBehaviors?.Items?.map(({ PathPattern }) => PathPattern)).toEqual(['/api/*', '/*.json']);
  });

  it('asks first, and a no writes nothing', async () => {
    await createApplied(test);
    const file = await readFile({ EUROPE_DOMAIN: 'new.example.com' });
    const { code, err } = await apply({ file, terminal: 'n' });
    expect(code).toBe(1);
    expect(err).toContain('Origins[europe].DomainName: europe.example.com → new.example.com');
    expect(err).toContain('nothing was written');
    expect(test.writes()).toEqual([]);
  });

  it('without a terminal or --yes is misuse', async () => {
    expect((await apply({ options: { yes: false } })).code).toMatchObject({ code: 'USAGE', exitCode: 2 });
    expect(test.writes()).toEqual([]);
  });

  it('--no-wait ends while it is being deployed', async () => {
    await test.close();
    test = await openTestDistribution(60_000);
    const { code, result } = await apply({ options: { noWait: true } });
    expect({ code, deployed: result.deployed }).toEqual({ code: 0, deployed: false });
  });

  it('says NOT_READY when the edges take too long; the next run only waits', async () => {
    await test.close();
    test = await openTestDistribution(300);
    expect((await apply({ options: { waitMs: 50 } })).code).toMatchObject({ code: 'NOT_READY' });
    test.cloud.calls.length = 0;
    expect((await apply()).result).toMatchObject({ written: false, deployed: true });
    expect(test.writes()).toEqual([]);
  });
});

describe('another writer of the same distribution', () => {
  /** Runs once between the plan and its write, while the person at the terminal thinks. */
  const whileAsking = (act: () => Promise<void>) =>
    runCommand(
      test,
      (target, options, io) =>
        applyToAll(target, options, {
          ...io,
          confirm: async () => {
            await act();
            return true;
          },
        }),
      { terminal: '', file: undefined as never },
    );

  it('that changed something else: its change and the plan are both there', async () => {
    const id = await createApplied(test);
    test.file = await readFile({ EUROPE_DOMAIN: 'new.example.com' });
    const { code } = await whileAsking(() => test.edit(id, () => ({ WebACLId: webAcl })));
    expect(code).toBe(0);
    const { config } = await test.read(id);
    expect(config.WebACLId).toBe(webAcl);
    expect(config.Origins?.Items?.find(({ Id }) => Id === 'europe')?.DomainName).toBe('new.example.com');
  });

  it('that changed what the plan shows: CONFLICT, and nothing written', async () => {
    const id = await createApplied(test);
    test.file = await readFile({ EUROPE_DOMAIN: 'new.example.com' });
    const { code } = await whileAsking(() => test.edit(id, () => ({ Comment: 'mine' })));
    expect(code).toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('nothing was written') });
    const { config } = await test.read(id);
    expect(config.Comment).toBe('mine');
    expect(config.Origins?.Items?.find(({ Id }) => Id === 'europe')?.DomainName).toBe('europe.example.com');
  });

  it('that made the same change: done', async () => {
    await createApplied(test);
    const file = await readFile({ EUROPE_DOMAIN: 'new.example.com' });
    test.file = file;
    const { code } = await whileAsking(async () => {
      await applyDistribution({ client: test.client, file });
    });
    expect(code).toBe(0);
  });

  it('that created it first: the same one is used when it is the same, CONFLICT when not', async () => {
    const [first, second] = await Promise.all([
      applyDistribution({ client: test.client, file: test.file }),
      applyDistribution({ client: test.client, file: test.file }),
    ]);
    expect(first.id).toBe(second.id);
  });

  it('an answer that was lost on the way does not make a second write, nor a failure', async () => {
    test.cloud.faults.rules = [{ kind: 'drop-response', operation: 'CreateDistribution', times: 1 }];
    const { code, result } = await apply();
    expect({ code, written: result.written }).toEqual({ code: 0, written: true });
    test.cloud.calls.length = 0;
    test.cloud.faults.rules = [{ kind: 'drop-response', operation: 'UpdateDistribution', times: 1 }];
    const again = await apply({ file: await readFile({ EUROPE_DOMAIN: 'new.example.com' }) });
    expect(again.code).toBe(0);
    expect((await test.read(result.distribution.id)).config.Origins?.Items?.[1]?.DomainName).toBe('new.example.com');
  });

  it('conflicts are bounded', async () => {
    await createApplied(test);
    test.cloud.faults.rules = [{ kind: 'conflict', operation: 'UpdateDistribution' }];
    const { code } = await apply({ file: await readFile({ EUROPE_DOMAIN: 'new.example.com' }) });
    expect(code).toMatchObject({ code: 'CONFLICT' });
    expect(test.writes().length).toBeLessThanOrEqual(5);
  });
});

describe('which distribution', () => {
  it('is found by its alias, whatever its caller reference', async () => {
    const id = await createApplied(test);
    expect((await plan({ file: { ...test.file, CallerReference: 'another' } })).result).toMatchObject({
      distribution: { id },
      changes: [],
    });
  });

  it('is found by its caller reference when it has no alias of the file', async () => {
    const id = await createApplied(test);
    const file = await readFile({ VIEWER_DOMAIN: 'new.example.com' });
    const { result } = await plan({ file });
    expect(result).toMatchObject({ distribution: { id }, changes: [{ kind: 'add', path: 'Aliases[new.example.com]' }] });
    expect(result.kept).toEqual([{ path: 'Aliases[www.example.com]', value: 'www.example.com' }]);
  });

  it('of another account, by its id, is one clear line', async () => {
    const { code } = await plan({ id: 'E2QWRUHEXAMPLE' });
    expect(code).toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('E2QWRUHEXAMPLE'),
      hint: expect.stringContaining('--id'),
    });
  });

  it('is not an id at all: misuse', async () => {
    expect((await plan({ id: 'https://d1.cloudfront.net' })).code).toMatchObject({ code: 'USAGE' });
  });

  it('whose function is of another account is refused before anything is written', async () => {
    await createApplied(test);
    const { code } = await apply({ file: await readFile({ AWS_ACCOUNT_ID: '999988887777' }) });
    expect(code).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('999988887777') });
    expect(test.writes()).toEqual([]);
  });
});
