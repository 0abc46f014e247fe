import { describe, expect, it } from 'vitest';
import { describeTarget, formatTarget, showTarget } from '../../../src/cli/ask-to-write.ts';
import { openIo } from '../../../src/cli/io.ts';
import { fakeHost } from './fake-host.ts';

const arn = 'arn:aws:cloudfront::111122223333:key-value-store/1';
const aws = { isLocal: false, resource: 'store edge-health', arn };

describe('what a command works on', () => {
  it.each([
    { target: aws, env: {}, text: 'AWS account 111122223333, store edge-health' },
    { target: aws, env: { EDGE_ENV: 'prod' }, text: 'AWS account 111122223333, environment prod, store edge-health' },
    {
      target: { ...aws, arn: undefined },
      env: { EDGE_ENV: 'prod', AWS_PROFILE: 'ops', AWS_ACCOUNT_ID: '444455556666' },
      text: 'AWS account 444455556666 (profile ops), environment prod, store edge-health',
    },
    {
      target: { ...aws, isLocal: true },
      env: { EDGE_ENV: 'prod', AWS_PROFILE: 'ops' },
      text: 'the local cloud, environment prod, store edge-health',
    },
    {
      target: aws,
      env: { EDGE_ENV: 'staging', EDGE_KVS_ARN: arn },
      text: 'AWS account 111122223333, environment staging, store edge-health (1)',
    },
  ])('is $text', ({ target, env, text }) => {
    expect(formatTarget(describeTarget(target, env))).toBe(text);
  });

  it('is in the JSON of a result that is an object, and of no other', () => {
    const host = fakeHost([]);
    const io = openIo(host, true, new AbortController().signal);
    io.env = { EDGE_ENV: 'prod' };
    showTarget(io, aws);
    io.result({ written: true }, []);
    io.result([1], []);
    const [first, second] = host.out().trim().split('\n');
    expect(JSON.parse(first ?? '')).toEqual({
      target: { local: false, account: '111122223333', profile: null, environment: 'prod', resource: 'store edge-health' },
      written: true,
    });
    expect(second).toBe('[1]');
    expect(host.err()).toContain('environment prod');
  });
});
