import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ControlPlane, openControlPlane } from '../../local/aws/control-plane.ts';
import { runScript, startScript } from './start-script.ts';

// The commands against the local control plane, reached like AWS itself: by the SDK's own environment.

let cloud: ControlPlane;
beforeEach(async () => {
  cloud = await openControlPlane({ provisionMs: 100 });
});
afterEach(() => cloud.close());

const env = (more: Record<string, string> = {}) => ({
  AWS_ENDPOINT_URL: cloud.url,
  HOME: '/nonexistent',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_ACCESS_KEY_ID: 'A',
  AWS_SECRET_ACCESS_KEY: 'B',
  ...more,
});
const writes = () => cloud.calls.filter(({ operation }) => /^(Create|Update|Put|Delete)/.test(operation));

describe('npm run kvs:*', () => {
  it('plans, creates and seeds, and finds nothing more to do', async () => {
    const planned = await startScript('kvs:plan', [], env()).ended;
    expect(planned).toEqual({
      code: 0,
      stderr: 'target  AWS, store edge-health\n',
      stdout: '+ key-value store edge-health\n  + health: ok\n  + state: {"sequence":0,"origins":{}}\n2 to add, 0 to change, 0 to remove\n',
    });
    const applied = await startScript('kvs:apply', ['--yes', '--json'], env()).ended;
    expect(applied.code).toBe(0);
    const { store } = JSON.parse(applied.stdout);
    expect([...(cloud.published.store(store.arn) ?? [])]).toEqual([
      ['health', 'ok'],
      ['state', '{"sequence":0,"origins":{}}'],
    ]);
    cloud.calls.length = 0;
    const again = await runScript('kvs:apply', [], env({ EDGE_KVS_ARN: store.arn }));
    expect(again).toMatchObject({ code: 0, stdout: 'key-value store edge-health is as declared\n' });
    expect(writes()).toEqual([]);
  });

  it.each([
    {
      when: 'there is no terminal',
      args: [],
      more: {},
      code: 2,
      says: /error: no terminal to confirm in; nothing was changed\nhint: pass --yes .*\n$/,
    },
    {
      when: 'there are no credentials',
      args: ['--yes'],
      more: { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' },
      code: 1,
      says: /^error: cannot describe key-value store edge-health: .*\nhint: .*--local\n$/,
    },
    {
      when: 'EDGE_KVS_ARN is of another store',
      args: ['--yes'],
      more: { EDGE_KVS_ARN: 'arn:aws:cloudfront::111122223333:key-value-store/00000000-0000-4000-8000-000000000000' },
      code: 2,
      says: /^error: EDGE_KVS_ARN is .*, but edge-health does not exist\nhint: .*\n$/,
    },
    {
      when: 'an option is misspelt',
      args: ['--yess'],
      more: {},
      code: 2,
      says: /^error: unknown option --yess\nhint: did you mean --yes\?\n$/,
    },
  ])('is one line and a hint, and nothing written, when $when', async ({ args, more, code, says }) => {
    const outcome = await runScript('kvs:apply', args, env(more));
    expect(outcome).toMatchObject({ code, stdout: '' });
    expect(outcome.stderr).toMatch(says);
    expect(writes()).toEqual([]);
  });
});
