import { readFile } from 'node:fs/promises';
import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkOriginsAgree, parseDistribution, readDistribution } from '../../../src/config/distribution-file.ts';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { EdgeError } from '../../../src/errors.ts';
import { factsOf } from '../../facts-of.ts';
import edgeConfig from '../../fixtures/sample/edge.config.ts';

const config = parseEdgeConfig(edgeConfig);
const file = await readFile('test/fixtures/sample/distribution.json', 'utf8');

const env = {
  VIEWER_DOMAIN: 'www.example.com',
  ACM_CERTIFICATE_ARN: 'arn:aws:acm:us-east-1:111122223333:certificate/1234',
  SINGAPORE_DOMAIN: 'singapore.example.com',
  EUROPE_DOMAIN: 'europe.example.com',
  ORIGIN_VERIFY_SECRET: 'secret',
  AWS_ACCOUNT_ID: '111122223333',
};

type Mutable = { -readonly [Key in keyof DistributionConfig]?: DistributionConfig[Key] };

/** The repository's own file, filled, with one thing spoiled. */
function spoiled(spoil: (distribution: Mutable) => void): string {
  const distribution = JSON.parse(file);
  spoil(distribution);
  return JSON.stringify(distribution);
}

const placeholder = (name: string) => `$\{${name}}`;
const originsOf = (distribution: Mutable) => distribution.Origins?.Items ?? [];
const behaviorsOf = (distribution: Mutable) => [distribution.DefaultCacheBehavior, ...(distribution.CacheBehaviors?.Items ?? [])];

function problemOf(text: string, variables: Record<string, string | undefined> = env): EdgeError {
  try {
    parseDistribution(text, variables);
  } catch (error) {
    if (error instanceof EdgeError) return error;
    throw error;
  }
  throw new Error('nothing was wrong');
}

const problemsOf = (text: string) =>
  problemOf(text)
    .message.split('\n')
    .slice(1)
    .map((line) => line.trim());

describe('the placeholders of distribution.json', () => {
  it('are filled from the environment wherever they are', () => {
    const distribution = parseDistribution(file, env);
    expect(originsOf(distribution).map(({ DomainName }) => DomainName)).toEqual(['singapore.example.com', 'europe.example.com']);
    expect(distribution.DefaultCacheBehavior?.FunctionAssociations?.Items?.[0]?.FunctionARN).toBe(
      'arn:aws:cloudfront::111122223333:function/origin-router',
    );
    expect(JSON.stringify(distribution)).not.toContain('${');
  });

  it('are asked for in one error, each name once', () => {
    const error = problemOf(file, { EUROPE_DOMAIN: 'europe.example.com', AWS_ACCOUNT_ID: '' });
    expect(error).toMatchObject({ code: 'PLACEHOLDER_MISSING', exitCode: 2, hint: expect.stringContaining('export ACM_CERTIFICATE_ARN=') });
    expect(factsOf(error.message).trim()).toBe('ACM_CERTIFICATE_ARN AWS_ACCOUNT_ID ORIGIN_VERIFY_SECRET SINGAPORE_DOMAIN VIEWER_DOMAIN');
  });

  it('are the six that the file has', () => {
    const error = problemOf(file, {});
    expect(error.message.match(/[A-Z_]{6,}/g)?.filter((name) => name !== 'CONFIG')).toEqual(Object.keys(env).sort());
  });

  it('are values: one with a placeholder, quotes or a backslash in it goes through as it is', () => {
    const odd = `${placeholder('VIEWER_DOMAIN')} "quoted" \\ $& \n`;
    const distribution = parseDistribution(file, { ...env, ORIGIN_VERIFY_SECRET: odd });
    const values = originsOf(distribution).map(({ CustomHeaders }) => CustomHeaders?.Items?.[1]?.HeaderValue);
    expect(values).toEqual([odd, odd]);
  });

  it('may appear twice in one text', () => {
    const text = spoiled((distribution) => {
      distribution.Comment = `${placeholder('VIEWER_DOMAIN')} and ${placeholder('EUROPE_DOMAIN')}, not $VIEWER_DOMAIN`;
    });
    expect(parseDistribution(text, env).Comment).toBe('www.example.com and europe.example.com, not $VIEWER_DOMAIN');
  });
});

describe('a distribution.json that cannot be used', () => {
  it('is missing: the path is named', async () => {
    await expect(readDistribution('/nowhere/distribution.json', env)).rejects.toMatchObject({
      code: 'CONFIG_MISSING',
      exitCode: 2,
      message: expect.stringContaining('cannot read /nowhere/distribution.json'),
      hint: expect.any(String),
    });
  });

  it.each<{ form: string; wrap: (config: object) => object }>([
    { form: 'get-distribution-config', wrap: (DistributionConfig) => ({ ETag: 'E1', DistributionConfig }) },
    { form: 'get-distribution', wrap: (DistributionConfig) => ({ ETag: 'E1', Distribution: { Id: 'E2', DistributionConfig } }) },
    { form: 'the input of create-distribution', wrap: (DistributionConfig) => ({ DistributionConfig }) },
    {
      form: 'the input of create-distribution-with-tags',
      wrap: (DistributionConfig) => ({ DistributionConfigWithTags: { DistributionConfig, Tags: { Items: [] } } }),
    },
  ])('may be what the AWS CLI saves: $form, with a byte order mark or without', ({ wrap }) => {
    const plain = parseDistribution(file, env);
    const saved = JSON.stringify(wrap(JSON.parse(file)));
    for (const text of [saved, `\uFEFF${saved}`]) expect(parseDistribution(text, env)).toEqual(plain);
  });

  it('is not JSON: the file is named', () => {
    expect(() => parseDistribution('{', env, 'other.json')).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(/^other\.json is not JSON: /) }),
    );
  });

  it.each([
    { when: 'it holds no object', text: '[]', facts: '' },
    {
      when: 'the comment is missing',
      text: spoiled((distribution) => {
        delete distribution.Comment;
      }),
      facts: 'Comment:',
    },
    {
      when: 'the caller reference is missing',
      text: spoiled((distribution) => {
        delete distribution.CallerReference;
      }),
      facts: 'CallerReference:',
    },
    {
      when: 'enabled is a text',
      text: spoiled((distribution) => {
        distribution.Enabled = 'true' as never;
      }),
      facts: 'Enabled:',
    },
    {
      when: 'a quantity is wrong',
      text: spoiled((distribution) => {
        Object.assign(distribution.Aliases ?? {}, { Quantity: 2 });
      }),
      facts: 'Aliases.Quantity: 2 1',
    },
    {
      when: 'a quantity far inside is wrong',
      text: spoiled((distribution) => {
        Object.assign(originsOf(distribution)[1]?.CustomHeaders ?? {}, { Quantity: 1 });
      }),
      facts: 'Origins.Items[1].CustomHeaders.Quantity: 1 2',
    },
    {
      when: 'a quantity is there without items',
      text: spoiled((distribution) => {
        distribution.CustomErrorResponses = { Quantity: 1 };
      }),
      facts: 'CustomErrorResponses.Quantity: 1 0',
    },
    {
      when: 'a list is none',
      text: spoiled((distribution) => {
        Object.assign(distribution.Aliases ?? {}, { Items: 'www.example.com' });
      }),
      facts: 'Aliases.Items: "www.example.com"',
    },
    {
      when: 'a custom header has no text for its value',
      text: spoiled((distribution) => {
        Object.assign(originsOf(distribution)[1]?.CustomHeaders?.Items?.[0] ?? {}, { HeaderValue: 1 });
      }),
      facts: 'Origins.Items[1].CustomHeaders.Items[0]:',
    },
    {
      when: 'a behavior has an unknown target',
      text: spoiled((distribution) => {
        Object.assign(behaviorsOf(distribution)[1] ?? {}, { TargetOriginId: 'tokyo' });
      }),
      facts: 'CacheBehaviors.Items[0].TargetOriginId: "tokyo"',
    },
    {
      when: 'the default behavior has no target',
      text: spoiled((distribution) => {
        delete (distribution.DefaultCacheBehavior as { TargetOriginId?: string }).TargetOriginId;
      }),
      facts: 'DefaultCacheBehavior.TargetOriginId:',
    },
    {
      when: 'the default behavior is missing',
      text: spoiled((distribution) => {
        delete distribution.DefaultCacheBehavior;
      }),
      facts: 'DefaultCacheBehavior:',
    },
    {
      when: 'two origins have one id',
      text: spoiled((distribution) => {
        const [, europe] = originsOf(distribution);
        Object.assign(europe ?? {}, { Id: 'singapore' });
      }),
      facts: 'Origins.Items[1].Id: "singapore"',
    },
    {
      when: 'an origin has no domain',
      text: spoiled((distribution) => {
        Object.assign(originsOf(distribution)[1] ?? {}, { DomainName: undefined });
      }),
      facts: 'Origins.Items[1]:',
    },
  ])('names the field and the value when $when', ({ text, facts }) => {
    expect(problemOf(text)).toMatchObject({ code: 'CONFIG_INVALID', exitCode: 2, hint: expect.any(String) });
    expect(problemsOf(text).map(factsOf)).toEqual([facts]);
  });

  it('is refused with its problems, whatever JSON it holds', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(problemOf(text)).toMatchObject({ exitCode: 2 });
      }),
    );
  });
});

describe('a distribution.json with one place spoiled', () => {
  /** The way to every value of the file. */
  const paths = (value: unknown, path: string[] = []): string[][] =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, item]) => [[...path, key], ...paths(item, [...path, key])])
      : [];

  it('is either used or refused in one error, wherever it is and whatever its value', () => {
    fc.assert(
      fc.property(fc.constantFrom(...paths(JSON.parse(file))), fc.jsonValue(), (path, value) => {
        const distribution = JSON.parse(file);
        const parent = path.slice(0, -1).reduce((each, key) => each[key], distribution);
        parent[String(path.at(-1))] = value;
        try {
          checkOriginsAgree(config, parseDistribution(JSON.stringify(distribution), env));
        } catch (error) {
          expect(error).toBeInstanceOf(EdgeError);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a distribution.json with an origin group', () => {
  it('may have behaviors that target it', () => {
    const text = spoiled((distribution) => {
      distribution.OriginGroups = {
        Quantity: 1,
        Items: [
          {
            Id: 'both',
            FailoverCriteria: { StatusCodes: { Quantity: 1, Items: [503] } },
            Members: { Quantity: 2, Items: [{ OriginId: 'singapore' }, { OriginId: 'europe' }] },
          },
        ],
      };
      Object.assign(distribution.DefaultCacheBehavior ?? {}, { TargetOriginId: 'both' });
    });
    expect(parseDistribution(text, env).DefaultCacheBehavior?.TargetOriginId).toBe('both');
  });
});

describe('the origins of both files', () => {
  const check = (spoil: (distribution: Mutable) => void) => () => checkOriginsAgree(config, parseDistribution(spoiled(spoil), env));
  const rename = (distribution: Mutable, id: string) => {
    Object.assign(originsOf(distribution)[1] ?? {}, { Id: id });
  };

  it('agree in this repository', () => {
    expect(() => checkOriginsAgree(config, parseDistribution(file, env))).not.toThrow();
  });

  it('agree when an alias has the id that the distribution has', () => {
    const { europe, ...others } = config.origins;
    const aliased = { ...config, origins: { ...others, europe: { ...(europe ?? expect.fail()), originId: 'Stack-Alb.2' } } };
    const distribution = parseDistribution(
      spoiled((each) => rename(each, 'Stack-Alb.2')),
      env,
    );
    expect(() => checkOriginsAgree(aliased, distribution)).not.toThrow();
    expect(() => checkOriginsAgree(config, distribution)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });

  it('are named where the file lacks one; its other origins are not ours', () => {
    expect(check((distribution) => rename(distribution, 'frankfurt'))).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining('"europe"'),
        hint: expect.stringMatching(/singapore, europe.*singapore, frankfurt/),
      }),
    );
  });

  it.each([
    { when: 'missing', headers: [], found: 'missing' },
    { when: 'another region’s', headers: [{ HeaderName: 'x-region', HeaderValue: 'eu-west-1' }], found: '"eu-west-1"' },
    { when: 'empty', headers: [{ HeaderName: 'x-region', HeaderValue: '' }], found: '""' },
  ])('have one region: an x-region header that is $when is named', ({ headers, found }) => {
    const spoil = (distribution: Mutable) => {
      Object.assign(originsOf(distribution)[1] ?? {}, { CustomHeaders: { Quantity: headers.length, Items: headers } });
    };
    expect(check(spoil)).toThrow(new RegExp(`"europe".*eu-central-1.*x-region.*${found}`));
  });

  it('are compared whatever the spelling of the header', () => {
    const spoil = (distribution: Mutable) => {
      for (const header of originsOf(distribution)[0]?.CustomHeaders?.Items ?? []) header.HeaderName = header.HeaderName?.toUpperCase();
    };
    expect(check(spoil)).not.toThrow();
  });
});

describe('the distribution.json of this repository', () => {
  const distribution = parseDistribution(file, env);

  it('has the function on every behavior: one pinned to a dead origin would be an outage too', () => {
    for (const behavior of behaviorsOf(distribution)) {
      expect(behavior?.FunctionAssociations).toEqual({
        Quantity: 1,
        Items: [{ EventType: 'viewer-request', FunctionARN: `arn:aws:cloudfront::111122223333:function/${config.functionName}` }],
      });
    }
  });

  it('shows the country to the function, caches nothing, and takes no call of the API in the clear', () => {
    for (const behavior of behaviorsOf(distribution)) {
      expect(behavior).toMatchObject({
        // A redirect comes after the body was sent.
        ViewerProtocolPolicy: behavior !== undefined && 'PathPattern' in behavior ? 'https-only' : 'redirect-to-https',
        CachePolicyId: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
        OriginRequestPolicyId: '33f36d7e-f396-46d9-90e0-52428a34d9dc',
      });
    }
    expect(distribution.ViewerCertificate?.MinimumProtocolVersion).toBe('TLSv1.2_2021');
  });

  it('lets /api/* have all seven methods', () => {
    const api = behaviorsOf(distribution).find(
      (behavior) => behavior !== undefined && 'PathPattern' in behavior && behavior.PathPattern === '/api/*',
    );
    expect([...(api?.AllowedMethods?.Items ?? [])].sort()).toEqual(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']);
  });

  it('gives an origin that does not answer little time, and every origin its region and the secret', () => {
    for (const origin of originsOf(distribution)) {
      expect(origin).toMatchObject({
        ConnectionAttempts: 1,
        ConnectionTimeout: 2,
        CustomOriginConfig: { OriginProtocolPolicy: 'https-only' },
      });
      expect(origin.CustomHeaders?.Items?.map(({ HeaderName }) => HeaderName)).toEqual(['x-region', 'x-origin-verify']);
    }
  });
});
