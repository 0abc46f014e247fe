import fc from 'fast-check';
import type { StoreView, ViewerRequestEvent } from '../../../src/edge/execution.ts';
import { sampleEvent } from '../njs/sample.ts';
import type { RouterInput } from './built-routers.ts';
import { type ConfigName, configs, testerSecret } from './configs.ts';

/** What the router is given, at random: most of it near to what occurs, the rest anything at all. */
export interface RandomCase {
  config: ConfigName;
  input: RouterInput;
}

/** Epoch second around which entries expire and runs begin. */
const around = 1_764_000_000;

// Any character but half a surrogate pair: njs has no such strings, and neither HTTP nor a KeyValueStore carries one.
const anyText = (maxLength: number) => fc.string({ unit: 'binary', maxLength });

const originName = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('singapore', 'europe', 'tokyo') },
  { weight: 1, arbitrary: fc.constantFrom('mars', 'constructor', '__proto__', 'valueOf', 'Singapore', 'singapor', 'a-1', '-a', '') },
  { weight: 1, arbitrary: fc.stringMatching(/^[a-z][a-z\d-]{0,70}$/) },
);

const weightText = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('0', '100', '50') },
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 100 }).map(String) },
  { weight: 1, arbitrary: fc.constantFrom('', '-1', '101', '1e9', 'NaN', '00', '007', '0.5', '+1', ' 0', '1000', '0x0') },
);

const expiryText = fc.oneof(
  { weight: 8, arbitrary: fc.constant('') },
  { weight: 4, arbitrary: fc.integer({ min: -3, max: 3 }).map((offset) => `@${around + offset}`) },
  { weight: 2, arbitrary: fc.constantFrom('@0', '@4102444800', '@99999999999999999999', `@${'9'.repeat(400)}`, `@000${around + 60}`) },
  { weight: 1, arbitrary: fc.constantFrom('@', '@soon', '@-1', '@1e12', `@${around}.5`, '@@1') },
);

const entryText = fc.tuple(originName, weightText, expiryText).map(([origin, weight, expiry]) => `${origin}=${weight}${expiry}`);
const entriesText = fc
  .tuple(fc.array(entryText, { maxLength: 6 }), fc.constantFrom('', '', '', ';', ';;', ' ', '\n'))
  .map(([entries, end]) => entries.join(';') + end);

/** A text with one place of it exchanged for another text. */
const damaged = fc.tuple(entriesText, fc.nat({ max: 99 }), fc.nat({ max: 3 }), anyText(2)).map(([text, at, length, other]) => {
  const place = text.length === 0 ? 0 : at % text.length;
  return text.slice(0, place) + other + text.slice(place + length);
});

/** The value of the key `health`: records, damaged records, and texts that never were one. */
export const recordText = fc.oneof(
  { weight: 3, arbitrary: fc.constant('ok') },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.constantFrom('#=0@000417;', '#=0@000417', '#=0@1;', '#=0@0004170;', '"=0@000417;', '$=0@000417;', '#'),
        fc.oneof(fc.constant('ok'), entriesText),
      )
      .map(([label, rest]) => label + rest),
  },
  { weight: 12, arbitrary: entriesText },
  { weight: 4, arbitrary: damaged },
  { weight: 2, arbitrary: anyText(40) },
  { weight: 1, arbitrary: fc.constantFrom(';'.repeat(1_024), 'a'.repeat(1_024), 'a=1;'.repeat(256), 'null', '{"singapore":0}') },
);

const store: fc.Arbitrary<StoreView | undefined> = fc.oneof(
  { weight: 20, arbitrary: recordText.map((record) => ({ values: new Map([['health', record]]), updatedAt: '2025-11-24T15:59:00.000Z' })) },
  { weight: 1, arbitrary: fc.constant({ values: new Map() }) },
  { weight: 1, arbitrary: recordText.map((record) => ({ values: new Map([['health', record]]), failReads: true })) },
  { weight: 1, arbitrary: fc.constant(undefined) },
);

const routed = [
  ...new Set(
    Object.values(configs).flatMap(({ routes, services = [] }) =>
      [...routes, ...services.flatMap((each) => each.routes)].flatMap(({ countries }) => countries),
    ),
  ),
];
const capital = fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZ');

const country = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom(...routed) },
  { weight: 4, arbitrary: fc.tuple(capital, capital).map((letters) => letters.join('')) },
  { weight: 1, arbitrary: fc.stringMatching(/^[A-Z\d]{0,6}$/) },
  { weight: 1, arbitrary: fc.constantFrom(...routed).map((code) => code.toLowerCase()) },
  { weight: 1, arbitrary: anyText(3) },
  { weight: 1, arbitrary: fc.constant('IN'.repeat(1_000)) },
);

const value = fc.oneof(
  fc.string({ maxLength: 12 }).map((text) => ({ value: text })),
  fc.constantFrom('0', '1', '2', '10', 'attempt=1; max=3', 'attempt=2; max=3', 'attempt=1').map((text) => ({ value: text })),
  fc
    .array(anyText(6), { minLength: 1, maxLength: 3 })
    .map((texts) => ({ value: String(texts[0]), multiValue: texts.map((text) => ({ value: text })) })),
);

const headerName = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom('amz-sdk-request', 'x-envoy-attempt-count') },
  { weight: 4, arbitrary: fc.constantFrom('x-region', 'x-origin-route', 'x-retry-attempt', 'host', 'accept', 'x-forwarded-for') },
  { weight: 1, arbitrary: fc.constantFrom('__proto__', 'constructor', 'valueof', '1', 'length') },
  { weight: 1, arbitrary: fc.stringMatching(/^[a-z\d_-]{1,8}$/) },
);

// By entries, since `__proto__` is a name that a header may have.
const values = (name: fc.Arbitrary<string>) =>
  fc.array(fc.tuple(name, value), { maxLength: 4 }).map((entries) => Object.fromEntries(entries));

const region = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('CA', 'WA', 'KA', 'NY', '75C') },
  { weight: 1, arbitrary: fc.stringMatching(/^[A-Z\d]{0,4}$/) },
  { weight: 1, arbitrary: anyText(3) },
);

/** A tester's value: right, nearly right, and anything else. */
const testerValue = fc.oneof(
  { weight: 4, arbitrary: originName.map((origin) => `${origin}:${testerSecret}`) },
  { weight: 2, arbitrary: originName.map((origin) => `${origin}:${testerSecret.slice(1)}`) },
  { weight: 1, arbitrary: anyText(12) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(testerSecret, ':', `:${testerSecret}`, `tokyo:${testerSecret}:`, 'tokyo:undefined', 'x'.repeat(2_000)),
  },
);

/** Under this name, sometimes twice. */
const tested = (name: string) =>
  fc.option(
    fc.tuple(testerValue, fc.boolean()).map(([text, twice]) => ({
      [name]: { value: text, ...(twice && { multiValue: [{ value: text }, { value: '' }] }) },
    })),
    { freq: 2, nil: {} },
  );

/** `US-CA` comes as it is sometimes: a country that CloudFront never sends. */
const headers = fc
  .tuple(
    values(headerName),
    tested('x-tester'),
    fc.option(country, { freq: 8, nil: undefined }),
    fc.option(region, { freq: 3, nil: undefined }),
  )
  .map(([others, tester, code, part]) => ({
    ...others,
    ...tester,
    ...(code !== undefined && { 'cloudfront-viewer-country': { value: code } }),
    ...(part !== undefined && { 'cloudfront-viewer-country-region': { value: part } }),
  }));

const method = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'OPTIONS') },
  { weight: 4, arbitrary: fc.constantFrom('POST', 'PUT', 'PATCH', 'DELETE') },
  { weight: 1, arbitrary: fc.oneof(fc.constantFrom('get', '', 'GETT', 'CONNECT'), anyText(4)) },
);

const address = fc.oneof(
  { weight: 8, arbitrary: fc.ipV4() },
  { weight: 4, arbitrary: fc.ipV6() },
  { weight: 1, arbitrary: anyText(8) },
  { weight: 1, arbitrary: fc.constant('f'.repeat(2_000)) },
);

/** Paths on both sides of what the patterns of the services match, and any others. */
const uri = fc.oneof(
  { weight: 1, arbitrary: fc.webPath() },
  {
    weight: 2,
    arbitrary: fc
      .array(
        fc.constantFrom(
          ...['/', '/api', '/login', 'graphql', '.json', '/files', '/fxles', '/img', '.jpg', '.jpeg', '/raw/', '/signin'],
          ...['/r', '/x', 'y', '/z', 'z', 'a', 'b', '/a', '?', '*', '%2F', '/API', '.'],
        ),
        { maxLength: 7 },
      )
      .map((parts) => `/${parts.join('')}`.replace(/^\/\//, '/')),
  },
);

const event: fc.Arbitrary<ViewerRequestEvent> = fc
  .record({
    method,
    uri,
    headers,
    querystring: values(fc.string({ maxLength: 4 })),
    cookies: fc.tuple(values(fc.stringMatching(/^[a-z]{1,4}$/)), tested('tester')).map(([others, tester]) => ({ ...others, ...tester })),
    ip: address,
    spoil: fc.oneof({ weight: 60, arbitrary: fc.constant('nothing' as const) }, { weight: 1, arbitrary: fc.constant('headers' as const) }),
  })
  .map(({ ip, spoil, ...request }) => {
    const whole = { ...sampleEvent(request), viewer: { ip } };
    if (spoil === 'nothing') return whole;
    const { headers: _gone, ...rest } = whole.request;
    return { ...whole, request: rest } as ViewerRequestEvent;
  });

/** Milliseconds, whole ones: a clock has no finer. */
const now = fc.integer({ min: (around - 4) * 1000, max: (around + 4) * 1000 });

const routerInput: fc.Arbitrary<RouterInput> = fc.record({ event, store, now });

export const randomCase: fc.Arbitrary<RandomCase> = fc.record({
  config: fc.oneof(
    {
      weight: 3,
      arbitrary: fc.constantFrom<ConfigName>(
        'sample',
        'three',
        'ten',
        'aliased',
        'three-retrying',
        'services',
        'subdivided',
        'shared',
        'everything',
        'tester-cookie',
        'logged',
        'logged-ages',
        'logged-services',
      ),
    },
    { weight: 1, arbitrary: fc.constantFrom(...(Object.keys(configs) as ConfigName[])) },
  ),
  input: routerInput,
});

/** The same with any of these configurations. */
export function caseOf(names: readonly ConfigName[]): fc.Arbitrary<RandomCase> {
  return fc.record({ config: fc.constantFrom(...names), input: routerInput });
}
