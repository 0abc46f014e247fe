import { describe, expect, it } from 'vitest';
import { EdgeError } from '../../../src/errors.ts';
import { parseIntent } from '../../../src/failover/failover-intent.ts';

const now = 1_764_000_000_000;
const nothing = { for: undefined, reason: undefined, weight: undefined, 'break-glass': undefined, watch: false, yes: false };
const given = { ...nothing, for: 7_200_000, reason: 'ALB 5xx' };
const parse = (positionals: string[], values: Partial<Parameters<typeof parseIntent>[1]> = nothing) =>
  parseIntent(positionals, { ...nothing, ...values }, ['singapore', 'europe'], now);

describe('parseIntent', () => {
  it('moves all viewers to one origin', () => {
    expect(parse(['to', 'europe'], given)).toEqual({
      command: 'to',
      reason: 'ALB 5xx',
      flip: { kind: 'override', weights: { singapore: 0, europe: 100 }, until: now + 7_200_000 },
    });
  });

  it('drains one origin, wholly or in part', () => {
    expect(parse(['drain', 'singapore'], given)).toMatchObject({ flip: { weights: { singapore: 0 } } });
    expect(parse(['drain', 'singapore'], { ...given, weight: 25 })).toMatchObject({ flip: { weights: { singapore: 25 } } });
  });

  it('carries the reason for breaking the glass', () => {
    expect(parse(['to', 'europe'], { ...given, 'break-glass': 'I see it work' })).toMatchObject({ flip: { breakGlass: 'I see it work' } });
  });

  it('gives the weights back to automation', () => {
    expect(parse(['auto'], { reason: 'recovered' })).toEqual({ command: 'auto', flip: { kind: 'clear' }, reason: 'recovered' });
  });

  it('takes what a monitor reports', () => {
    expect(parse(['report', 'singapore', 'unhealthy'], { source: 'prometheus', ttl: 600_000, reason: '5xx' })).toEqual({
      command: 'report',
      request: { origin: 'singapore', opinion: 'unhealthy', source: 'prometheus', ttlMs: 600_000, reason: '5xx', at: now },
    });
  });

  it.each([
    {
      positionals: ['report', 'singapore'],
      values: { source: 'a', ttl: 1 },
      code: 'USAGE',
      hint: 'report singapore unhealthy --source prometheus --ttl 10m',
    },
    {
      positionals: ['report', 'singapore', 'bad'],
      values: { source: 'a', ttl: 1 },
      code: 'USAGE',
      hint: 'report singapore unhealthy --source prometheus --ttl 10m',
    },
    {
      positionals: ['report', 'singapore', 'healthy'],
      values: { ttl: 1 },
      code: 'USAGE',
      hint: 'report singapore healthy --source prometheus',
    },
    {
      positionals: ['report', 'singapore', 'healthy'],
      values: { source: 'a' },
      code: 'USAGE',
      hint: 'report singapore healthy --ttl 10m, at most 1h',
    },
    {
      positionals: ['report', 'mars', 'healthy'],
      values: { source: 'a', ttl: 1 },
      code: 'ORIGIN_UNKNOWN',
      hint: 'origins: singapore, europe',
    },
    { positionals: ['to', 'europe', 'healthy'], values: given, code: 'USAGE', hint: 'npm run failover -- --help' },
    { positionals: ['status'], values: { source: 'a' }, code: 'USAGE', hint: 'only with report' },
    { positionals: ['to', 'singapor'], values: given, code: 'ORIGIN_UNKNOWN', hint: 'did you mean singapore?' },
    { positionals: ['to', 'mars'], values: given, code: 'ORIGIN_UNKNOWN', hint: 'origins: singapore, europe' },
    { positionals: ['to'], values: given, code: 'USAGE', hint: 'origins: singapore, europe' },
    { positionals: ['to', 'europe'], values: { for: 1 }, code: 'USAGE', hint: 'to europe --reason "ALB 5xx"' },
    { positionals: ['drain', 'europe'], values: { reason: 'x' }, code: 'USAGE', hint: 'drain europe --for 2h, at most 72h' },
    { positionals: ['auto'], values: {}, code: 'USAGE', hint: 'auto --reason "ALB has recovered"' },
    { positionals: ['auto', 'europe'], values: { reason: 'x' }, code: 'USAGE', hint: 'npm run failover -- --help' },
    { positionals: ['status'], values: { for: 1 }, code: 'USAGE', hint: 'only with to, drain' },
    { positionals: ['history'], values: { watch: true }, code: 'USAGE', hint: 'only with status' },
    { positionals: ['to', 'europe'], values: { ...given, weight: 5 }, code: 'USAGE', hint: 'only with drain' },
    { positionals: ['drain', 'europe'], values: { ...given, weight: 0, watch: true }, code: 'USAGE', hint: 'only with status' },
    { positionals: ['to', 'europe'], values: { ...given, weight: 0 }, code: 'USAGE', hint: 'only with drain' },
  ])('refuses $positionals with $values', ({ positionals, values, code, hint }) => {
    const attempt = () => parse(positionals, values);
    expect(attempt).toThrow(EdgeError);
    expect(attempt).toThrow(expect.objectContaining({ code, hint, exitCode: 2 }));
  });
});
