import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskDatabaseUrl, poolDatabaseUrl } from '../../../origin/database-url.ts';

const pooler = { host: 'pooler.internal', port: 6432 };
const pooled = (url: string, ...through: Parameters<typeof poolDatabaseUrl>[1][]) => {
  const result = poolDatabaseUrl(url, through.length > 0 ? through[0] : pooler);
  return 'url' in result ? result.url : result.problem;
};

describe('the URL through the pooler', () => {
  it.each([
    ['postgres://app:pw@db.internal:5432/orders', 'postgres://app:pw@pooler.internal:6432/orders'],
    [
      'postgresql://app:pw@db.internal/orders?sslmode=verify-full&x=a%20b',
      'postgresql://app:pw@pooler.internal:6432/orders?sslmode=verify-full&x=a%20b',
    ],
    ['postgres://a%40b:p%2Fw%23%25@db/o%20s', 'postgres://a%40b:p%2Fw%23%25@pooler.internal:6432/o%20s'],
    ['postgres://app:p@ss@db/orders', 'postgres://app:p@ss@pooler.internal:6432/orders'],
    ['postgres://one:5432,two:5433/orders', 'postgres://pooler.internal:6432/orders'],
    ['postgres://app@[2001:db8::1]:5432/orders', 'postgres://app@pooler.internal:6432/orders'],
    ['POSTGRES://app@DB/orders', 'POSTGRES://app@pooler.internal:6432/orders'],
    ['postgres:///orders', 'postgres://pooler.internal:6432/orders'],
    ['postgres://db', 'postgres://pooler.internal:6432'],
  ])('of %s', (url, expected) => {
    expect(pooled(url)).toBe(expected);
  });

  it('keeps the port of the URL when the pooler names none, the first of several', () => {
    expect(pooled('postgres://app@db:5433/o', { host: 'p' })).toBe('postgres://app@p:5433/o');
    expect(pooled('postgres://app@one:5433,two:5434/o', { host: 'p' })).toBe('postgres://app@p:5433/o');
    expect(pooled('postgres://app@db/o', { host: 'p' })).toBe('postgres://app@p/o');
  });

  it('puts an IPv6 address into brackets', () => {
    expect(pooled('postgres://app@db/o', { host: '2001:db8::2', port: 6432 })).toBe('postgres://app@[2001:db8::2]:6432/o');
  });

  it('is the URL itself without a pooler', () => {
    expect(pooled('postgres://app:p%20w@db:5432/o', undefined)).toBe('postgres://app:p%20w@db:5432/o');
  });

  it('changes only host and port, and nothing when done twice', () => {
    const unit = fc.constantFrom(...'aZ9-._~!$é漢😀 /?#@:;,[]{}%&=+*"\'\\\n');
    const word = fc.string({ unit, minLength: 1, maxLength: 20 }).map(encodeURIComponent);
    const host = fc.stringMatching(/^[a-z]{1,9}\.[a-z]{2,5}$/);
    const port = fc.integer({ min: 1, max: 65_535 });
    const url = fc.record({ user: word, password: word, host, port, database: word, value: word });
    fc.assert(
      fc.property(url, host, fc.option(port, { nil: undefined }), (given, poolerHost, poolerPort) => {
        const write = (at: string) => `postgres://${given.user}:${given.password}@${at}/${given.database}?application_name=${given.value}`;
        const once = pooled(write(`${given.host}:${given.port}`), { host: poolerHost, port: poolerPort });
        expect(once).toBe(write(`${poolerHost}:${poolerPort ?? given.port}`));
        expect(pooled(once, { host: poolerHost, port: poolerPort })).toBe(once);
      }),
    );
  });
});

describe('a URL that is refused', () => {
  const problems = [
    { url: 'mysql://app:hunter2@db/o', problem: /^must start with postgres:/ },
    { url: 'hunter2', problem: /^must start with postgres:/ },
    { url: '', problem: /^must start with postgres:/ },
    { url: 'postgres://app:hunter2@db:0/o', problem: /host and port/ },
    { url: 'postgres://app:hunter2@db:65536/o', problem: /host and port/ },
    { url: 'postgres://app:hunter2@db:x/o', problem: /host and port/ },
    { url: 'postgres://app:hun/ter2@db/o', problem: /percent-encode/ },
    { url: 'postgres://app:12/hunter2@db/o', problem: /percent-encode/ },
    { url: 'postgres://app:12#hunter2@db/o', problem: /percent-encode/ },
    { url: 'postgres://app:12?hunter2@db/o', problem: /percent-encode/ },
    { url: 'postgres://app:hunter2@db/o?host=other', problem: /\(host\), which would win over the pooler/ },
    { url: 'postgres://app:hunter2@db/o?x=1&hostaddr=10.0.0.1&port=1', problem: /\(hostaddr, port\)/ },
    { url: 'postgres://app:hunter2@db/o\n', problem: /control characters/ },
    { url: 'postgres://app:hunter 2@db/o', problem: /spaces/ },
  ];

  it.each(problems)('says why of $url', ({ url, problem }) => {
    expect(pooled(url)).toMatch(problem);
    expect(pooled(url, undefined)).toMatch(problem);
  });

  it('is not shown', () => {
    for (const { url } of problems) {
      expect(pooled(url)).not.toMatch(/hun|ter2/);
      expect(maskDatabaseUrl(url)).toBe('***');
    }
  });
});

describe('the URL for people', () => {
  it.each([
    ['postgres://app:hunter2@db:5432/o', 'postgres://app:***@db:5432/o'],
    ['postgres://app:hun:ter@2@db/o', 'postgres://app:***@db/o'],
    ['postgres://app@db/o', 'postgres://app@db/o'],
    ['postgres://db/o', 'postgres://db/o'],
    [
      'postgres://app@db/o?password=hunter2&sslmode=require&sslpassword=hunter2',
      'postgres://app@db/o?password=***&sslmode=require&sslpassword=***',
    ],
  ])('of %s', (url, expected) => {
    expect(maskDatabaseUrl(url)).toBe(expected);
  });

  it('never holds the password, whatever it is', () => {
    const secret = fc.string({ unit: 'grapheme-ascii', minLength: 8, maxLength: 30 });
    fc.assert(
      fc.property(secret, fc.boolean(), (text, isEncoded) => {
        const password = isEncoded ? encodeURIComponent(text) : text;
        const shown = maskDatabaseUrl(`postgres://u:${password}@h/d`);
        expect(['***', 'postgres://u:***@h/d']).toContain(shown);
      }),
    );
  });
});
