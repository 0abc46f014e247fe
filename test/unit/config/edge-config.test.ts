import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EdgeConfigInput, parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { EdgeError } from '../../../src/errors.ts';
import { factsOf } from '../../facts-of.ts';
import edgeConfig from '../../fixtures/sample/edge.config.ts';

const sound: EdgeConfigInput = {
  origins: { singapore: { region: 'ap-southeast-1' }, europe: { region: 'eu-central-1' }, tokyo: { region: 'ap-northeast-1' } },
  defaultOrder: ['singapore', 'europe'],
  routes: [{ countries: ['DE', 'FR'], order: ['europe', 'singapore'] }],
};

/** The problems of a configuration, one a line, without the line that counts them. */
function problemsOf(input: unknown): string[] {
  try {
    parseEdgeConfig(input);
  } catch (error) {
    expect(error).toBeInstanceOf(EdgeError);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', exitCode: 2, hint: expect.stringContaining('edge.config.ts') });
    const [count = '', ...problems] = (error as EdgeError).message.split('\n');
    expect(count).toBe(`edge.config.ts has ${problems.length} problem${problems.length === 1 ? '' : 's'}:`);
    return problems.map((line) => line.trim());
  }
  return [];
}

describe('a sound edge.config.ts', () => {
  it('is the one of this repository', () => {
    expect(problemsOf(edgeConfig)).toEqual([]);
    expect(parseEdgeConfig(edgeConfig).defaultOrder).toEqual(['singapore', 'europe']);
  });

  it('gets every default', () => {
    expect(parseEdgeConfig({ origins: { singapore: { region: 'ap-southeast-1' } }, defaultOrder: ['singapore'] })).toEqual({
      functionName: 'origin-router',
      publishedBy: 'function:publish',
      keyValueStoreName: 'edge-health',
      keys: {},
      variables: {},
      origins: {
        singapore: {
          originId: 'singapore',
          region: 'ap-southeast-1',
          signals: [
            {
              type: 'http',
              path: '/health',
              statuses: [200],
              json: {},
              accessible: false,
              required: false,
            },
          ],
        },
      },
      defaultOrder: ['singapore'],
      manage: [],
      routes: [],
      perRequestFailover: true,
      health: {
        intervalMs: 10_000,
        fastIntervalMs: 1_000,
        connectTimeoutMs: 2_000,
        timeoutMs: 3_000,
        failureRate: { share: 0.5, windowMs: 60_000, minimum: 10 },
        unhealthyThreshold: 3,
        healthyThreshold: 5,
      },
      failover: {
        holdDownMs: 300_000,
        maxHoldDownMs: 3_600_000,
        holdDownHalfLifeMs: 900_000,
        ramp: [10, 25, 50, 100],
        rampStepMs: 120_000,
        minFlipIntervalMs: 10_000,
        peerCheckMs: 60_000,
        recheckMs: 900_000,
      },
      notifications: [],
    });
  });

  it('keeps what it says beside the defaults', () => {
    const { health, failover, perRequestFailover } = parseEdgeConfig({
      ...sound,
      perRequestFailover: false,
      health: { timeoutMs: 5_000 },
      failover: { ramp: [50, 100] },
    });
    expect(perRequestFailover).toBe(false);
    expect(health).toMatchObject({ timeoutMs: 5_000, intervalMs: 10_000 });
    expect(failover).toMatchObject({ ramp: [50, 100], rampStepMs: 120_000 });
  });

  it('may give a country the default order', () => {
    expect(problemsOf({ ...sound, routes: [{ countries: ['IN'], order: sound.defaultOrder }] })).toEqual([]);
  });
});

describe('an edge.config.ts with one problem', () => {
  const europe = { region: 'eu-central-1' };
  const { singapore } = sound.origins;
  const inEurope = (fields: object) => ({ ...sound, origins: { ...sound.origins, europe: { ...europe, ...fields } } });

  it.each([
    { when: 'is another origin’s id', fields: { originId: 'singapore' }, path: 'origins.europe.originId' },
    { when: 'is empty', fields: { originId: '' }, path: 'origins.europe.originId' },
    { when: 'has a space', fields: { originId: 'my origin' }, path: 'origins.europe.originId' },
    { when: 'has 129 characters', fields: { originId: 'x'.repeat(129) }, path: 'origins.europe.originId' },
    { when: 'is not a key of an object', fields: { originId: '__proto__' }, path: 'origins.europe.originId' },
  ])('is refused when an origin id $when', ({ fields, path }) => {
    expect(problemsOf(inEurope(fields))).toEqual([expect.stringContaining(path)]);
  });

  it.each(['X-Retry', 'x retry', '', 'host', 'x-region', 'x-origin-route', 'cloudfront-viewer-country', 'x-amz-cf-id'])(
    'is refused when the retry header is %j',
    (retryHeader) => {
      expect(problemsOf({ ...sound, retryHeader })[0]).toContain('retryHeader');
    },
  );

  it.each([
    { when: 'it is nothing', spoiled: undefined, facts: '(the whole file):' },
    { when: 'it is a number', spoiled: 5, facts: '(the whole file): 5' },
    {
      when: 'a field is misspelt',
      spoiled: { ...sound, orgins: {} },
      facts: '(the whole file): "orgins"',
    },
    {
      when: 'a field of a part is misspelt',
      spoiled: { ...sound, health: { intervalMS: 1 } },
      facts: 'health: "intervalMS" intervalMs',
    },
    {
      when: 'a field of one kind of a list is misspelt',
      spoiled: { ...sound, notifications: [{ type: 'webhook', urlForm: 'X' }] },
      facts: 'notifications[0]: "urlForm" urlFrom',
    },
    {
      when: 'the name of the function is none',
      spoiled: { ...sound, functionName: 'origin router' },
      facts: 'functionName: 1 64 "origin router"',
    },
    {
      when: 'there is no origin',
      spoiled: { ...sound, origins: {} },
      facts: 'origins:',
    },
    {
      when: 'an origin id has a capital',
      spoiled: { ...sound, origins: { ...sound.origins, Europe: europe } },
      facts: 'origins.Europe: 1 63 "Europe"',
    },
    {
      when: 'an origin id is longer than 63 characters',
      spoiled: { ...sound, origins: { ...sound.origins, ['a'.repeat(64)]: europe } },
      facts: `origins.${'a'.repeat(64)}: 1 63 "${'a'.repeat(64)}"`,
    },
    {
      when: 'an origin is called constructor',
      spoiled: { ...sound, origins: { ...sound.origins, constructor: europe } },
      facts: 'origins.constructor: "constructor"',
    },
    {
      when: 'a region is none',
      spoiled: { ...sound, origins: { ...sound.origins, europe: { region: ' Frankfurt' } } },
      facts: 'origins.europe.region: 1 64 ap-southeast-1 " Frankfurt"',
    },
    {
      when: 'a region is missing',
      spoiled: { ...sound, origins: { ...sound.origins, europe: {} } },
      facts: 'origins.europe.region:',
    },
    {
      when: 'an origin has no signal',
      spoiled: { ...sound, origins: { ...sound.origins, europe: { ...europe, signals: [] } } },
      facts: 'origins.europe.signals: 1 []',
    },
    {
      when: 'a signal is of an unknown type',
      spoiled: { ...sound, origins: { ...sound.origins, europe: { ...europe, signals: [{ type: 'tcp' }] } } },
      facts: "origins.europe.signals[0].type: { type: 'tcp' }",
    },
    {
      when: 'the path of a health check is none',
      spoiled: { ...sound, origins: { ...sound.origins, europe: { ...europe, signals: [{ type: 'http', path: 'health' }] } } },
      facts: 'origins.europe.signals[0].path: "/" "health"',
    },
    {
      when: 'there is no origin',
      spoiled: { ...sound, defaultOrder: [] },
      facts: 'defaultOrder: 1 []',
    },
    {
      when: 'the default order names an unknown origin',
      spoiled: { ...sound, defaultOrder: ['singapore', 'mars'] },
      facts: 'defaultOrder[1]: "mars"',
    },
    {
      when: 'the default order names an origin twice',
      spoiled: { ...sound, defaultOrder: ['singapore', 'europe', 'singapore'] },
      facts: 'defaultOrder[2]: "singapore"',
    },
    {
      when: 'a route names an unknown origin',
      spoiled: { ...sound, routes: [{ countries: ['US', 'IN'], order: ['singapor'] }] },
      facts: 'routes[0].order[0]: "singapor"',
    },
    {
      when: 'a route names an origin twice',
      spoiled: { ...sound, routes: [{ countries: ['US'], order: ['europe', 'europe'] }] },
      facts: 'routes[0].order[1]: "europe"',
    },
    {
      when: 'a country is in lower case',
      spoiled: { ...sound, routes: [{ countries: ['us'], order: ['europe'] }] },
      facts: 'routes[0].countries[0]: "us" "US"',
    },
    {
      when: 'a country has three letters',
      spoiled: { ...sound, routes: [{ countries: ['IN', 'USA'], order: ['europe'] }] },
      facts: expect.stringMatching(/^routes\[0\]\.countries\[1\]: "USA"/),
    },
    {
      when: 'a country has two routes',
      spoiled: {
        ...sound,
        routes: [
          { countries: ['US', 'IN'], order: ['europe'] },
          { countries: ['IN'], order: ['tokyo'] },
        ],
      },
      facts: 'routes[1].countries[0]: routes[0]',
    },
    {
      when: 'a country is twice in one route',
      spoiled: { ...sound, routes: [{ countries: ['IN', 'IN'], order: ['europe'] }] },
      facts: 'routes[0].countries[1]: routes[0]',
    },
    {
      when: 'a route has no country',
      spoiled: { ...sound, routes: [{ countries: [], order: ['europe'] }] },
      facts: 'routes[0].countries: 1 []',
    },
    {
      when: 'the fast interval is the slower one',
      spoiled: { ...sound, health: { intervalMs: 500 } },
      facts: 'health.fastIntervalMs: intervalMs 500 1000',
    },
    {
      when: 'connecting may take longer than the whole probe',
      spoiled: { ...sound, health: { timeoutMs: 1_500 } },
      facts: 'health.connectTimeoutMs: timeoutMs 1500 2000',
    },
    {
      when: 'an interval is not a whole number',
      spoiled: { ...sound, health: { intervalMs: 1_000.5 } },
      facts: 'health.intervalMs: 1000.5',
    },
    {
      when: 'a threshold is zero',
      spoiled: { ...sound, health: { healthyThreshold: 0 } },
      facts: 'health.healthyThreshold: 1 0',
    },
    {
      when: 'the longest hold-down is shorter than the first',
      spoiled: { ...sound, failover: { maxHoldDownMs: 1_000 } },
      facts: 'failover.maxHoldDownMs: holdDownMs 300000 1000',
    },
    {
      when: 'the ramp ends below 100 %',
      spoiled: { ...sound, failover: { ramp: [10, 50] } },
      facts: 'failover.ramp: 100 [10,50]',
    },
    {
      when: 'the ramp goes back',
      spoiled: { ...sound, failover: { ramp: [50, 25, 100] } },
      facts: 'failover.ramp: [50,25,100]',
    },
    {
      when: 'the ramp has the same step twice',
      spoiled: { ...sound, failover: { ramp: [50, 50, 100] } },
      facts: 'failover.ramp: [50,50,100]',
    },
    {
      when: 'an origin id has a line end',
      spoiled: { ...sound, origins: { ...sound.origins, 'a\nb': europe } },
      facts: 'origins.a b: 1 63 "a b"',
    },
    {
      when: 'a declared key is one of the tools',
      spoiled: { ...sound, keys: { health: 'ok' } },
      facts: 'keys.health:',
    },
    {
      when: 'an environment variable has a lower-case name',
      spoiled: { ...sound, notifications: [{ type: 'webhook', urlFrom: 'webhook-url' }] },
      facts: 'notifications[0].urlFrom: "webhook-url"',
    },
    {
      when: 'an origin is not an object',
      spoiled: { ...sound, origins: { singapore, europe: 'eu-central-1' } },
      facts: 'origins.europe: "eu-central-1"',
    },
    {
      when: 'an origin has a setting of its service',
      spoiled: inEurope({ database: { poolerHost: 'pooler.internal' } }),
      facts: 'origins.europe: "database"',
    },
  ])('names the field and the value when $when', ({ spoiled, facts }) => {
    expect(problemsOf(spoiled).map(factsOf)).toEqual([facts]);
  });
});

describe('the orders', () => {
  const ids = ['a', 'b', 'c', 'd'];
  const origins = Object.fromEntries(ids.map((id) => [id, { region: 'eu-central-1' }]));
  const orders = ids.flatMap((first) => ids.filter((id) => id !== first).map((second) => [first, second]));
  const withOrders = (count: number) => ({
    origins,
    defaultOrder: orders[0],
    // The same orders again and again are no further ones.
    routes: [...orders.slice(1, count), ...orders.slice(1, count)].map((order, index) => ({
      countries: [`country:A${String.fromCharCode(65 + index)}`],
      order,
    })),
  });

  it('may be ten different ones, the default order among them', () => {
    expect(problemsOf(withOrders(10))).toEqual([]);
  });

  it('may not be more: one digit of the table at the edge names the order', () => {
    expect(problemsOf(withOrders(11)).map(factsOf)).toEqual(['routes: 10 defaultOrder 11']);
  });
});

it('a value of a wrong type hides no rule about its neighbours', () => {
  const health = { intervalMs: 'x', timeoutMs: 10, connectTimeoutMs: 99 };
  const failover = { holdDownMs: 'y', ramp: [5] };
  expect(problemsOf({ ...sound, health, failover }).map((line) => line.split(':')[0])).toEqual([
    'health.intervalMs',
    'health.connectTimeoutMs',
    'failover.holdDownMs',
    'failover.ramp',
  ]);
});

describe('whatever edge.config.ts holds', () => {
  const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withObjectString: true });

  it('is sound, or is refused with its problems', () => {
    fc.assert(fc.property(anything, (input) => problemsOf(input).length > 0));
  });

  it('is refused with the name of the field that is of another type', () => {
    const fields = Object.keys(parseEdgeConfig(sound));
    fc.assert(
      fc.property(fc.constantFrom(...fields), anything, (field, value) => {
        const problems = problemsOf({ ...sound, [field]: value });
        for (const problem of problems) expect(problem).toMatch(new RegExp(`^(${field}|defaultOrder|routes)\\b`));
      }),
    );
  });

  it.each([
    { value: 10n, found: '10n' },
    { value: () => 1, found: '[Function: value]' },
    { value: Number.NaN, found: 'NaN' },
    { value: 'x'.repeat(200), found: `"${'x'.repeat(79)}` },
  ])('is shown as far as it can be: $found', ({ value, found }) => {
    const [problem = ''] = problemsOf({ ...sound, perRequestFailover: value });
    expect(problem.split(', found ')[1]).toBe(found);
  });
});

describe('variables', () => {
  const base = { origins: { singapore: { region: 'ap-southeast-1' } }, defaultOrder: ['singapore'] };
  const refused = [
    'EDGE_ENV',
    'EDGE_FUNCTION_NAME',
    'EDGE_LOCAL_PORT',
    'EDGE_PROJECT',
    'EDGE_TARGET',
    'PATH',
    'NODE_OPTIONS',
    'LD_PRELOAD',
  ];

  it.each(refused)('do not set %s', (name) => {
    expect(problemsOf({ ...base, variables: { [name]: 'x' } }).join()).toContain(`variables.${name}: `);
  });

  it('set the store, the distribution and names of your own', () => {
    const arn = 'arn:aws:cloudfront::111122223333:key-value-store/0123abcd-0123-4123-8123-0123456789ab';
    const variables = { EDGE_KVS_ARN: arn, EDGE_DISTRIBUTION_ID: 'E1', EDGE_TITLE: 'x', AWS_ACCOUNT_ID: '111122223333', PATHS: '/x' };
    expect(parseEdgeConfig({ ...base, variables }).variables).toEqual(variables);
  });
});

describe('what becomes the resource of an IAM policy', () => {
  const base = { origins: { singapore: { region: 'ap-southeast-1' } }, defaultOrder: ['singapore'] };
  const store = 'arn:aws:cloudfront::111122223333:key-value-store/0123abcd-0123-4123-8123-0123456789ab';
  it.each([
    { name: 'EDGE_KVS_ARN', value: '*' },
    { name: 'EDGE_KVS_ARN', value: `${store.slice(0, -1)}*` },
    { name: 'EDGE_KVS_ARN', value: 'arn:aws:cloudfront::111122223333:*' },
    { name: 'TOPIC', value: '*' },
    { name: 'TOPIC', value: 'arn:aws:sns:*:111122223333:flips' },
    { name: 'TOPIC', value: 'arn:aws:sns:eu-west-1:111122223333:flips.fifo' },
    { name: 'TOPIC', value: 'arn:aws:sns:eu-west-1:111122223333:flips\n' },
  ])('is an ARN and no pattern: $name is not $value', ({ name, value }) => {
    const notifications = [{ type: 'sns', topicArnFrom: 'TOPIC' }];
    expect(problemsOf({ ...base, notifications, variables: { [name]: value } }).join()).toContain(`variables.${name}: must be the ARN`);
  });

  it('takes the ARN of a store and of a topic', () => {
    const variables = { EDGE_KVS_ARN: store, TOPIC: 'arn:aws-cn:sns:eu-west-1:111122223333:flips' };
    expect(parseEdgeConfig({ ...base, notifications: [{ type: 'sns', topicArnFrom: 'TOPIC' }], variables }).variables).toEqual(variables);
  });
});

it('an alarm has no name with control characters', () => {
  const origins = { singapore: { region: 'ap-southeast-1', signals: [{ type: 'alarm', alarmName: 'a\nb' }] } };
  expect(problemsOf({ origins, defaultOrder: ['singapore'] }).join()).toContain('origins.singapore.signals[0].alarmName: ');
});

describe('distributions of another tool', () => {
  const base = { origins: { singapore: { region: 'ap-southeast-1' } }, defaultOrder: ['singapore'] };
  const auth = 'arn:aws:cloudfront::111122223333:function/auth';

  it('name behaviors and what they replace', () => {
    const distributions = [{ id: 'E2QWRUHEXAMPLE', behaviors: ['/api/*', 'default', '/default'], replaces: { default: auth } }];
    expect(parseEdgeConfig({ ...base, distributions, manage: ['timeouts'] }).distributions).toEqual(distributions);
  });

  it.each([
    [{ manage: ['timeouts'] }, 'manage'],
    [{ distributions: [{ id: 'E1', behaviors: ['/api/*', 'api/*'] }] }, 'distributions[0].behaviors[1]'],
    [{ distributions: [{ id: 'E1', behaviors: [] }] }, 'distributions[0].behaviors'],
    [{ distributions: [{ id: 'e1', behaviors: ['default'] }] }, 'distributions[0].id'],
    [{ distributions: [{ id: 'E1', behaviors: ['default'], replaces: { '/x': auth } }] }, 'distributions[0].replaces./x'],
    [
      { distributions: [{ id: 'E1', behaviors: ['default'], replaces: { default: auth.replace('auth', 'origin-router') } }] },
      'distributions[0].replaces.default',
    ],
    [
      { functionName: 'auth', distributions: [{ id: 'E1', behaviors: ['default'], replaces: { default: auth } }] },
      'distributions[0].replaces.default',
    ],
    [
      { distributions: [{ id: 'E1', behaviors: ['default'], replaces: JSON.parse('{"__proto__":"x"}') }] },
      'distributions[0].replaces.__proto__',
    ],
    [{ keys: JSON.parse('{"__proto__":"x"}') }, 'keys.__proto__'],
    [
      {
        distributions: [
          { id: 'E1', behaviors: ['default'] },
          { id: 'E1', behaviors: ['/x'] },
        ],
      },
      'distributions[1].id',
    ],
    [{ origins: { singapore: { region: 'ap-southeast-1', domainName: 'https://a.example.com' } } }, 'origins.singapore.domainName'],
  ])('%j has a problem at %s', (more, path) => {
    expect(problemsOf({ ...base, ...more }).join()).toContain(`${path}: `);
  });
});
