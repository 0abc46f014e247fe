import { describe, expect, it } from 'vitest';
import { parseEdgeConfig } from '../../../../src/config/edge-config.ts';
import { openChannels } from '../../../../src/flipper/notify/open-channels.ts';

const { notifications } = parseEdgeConfig({
  origins: { singapore: { region: 'ap-southeast-1' } },
  defaultOrder: ['singapore'],
  notifications: [{ type: 'sns' }, { type: 'webhook', secretFrom: 'HOOK_KEY' }],
});
const env = {
  FLIPPER_TOPIC_ARN: 'arn:aws:sns:eu-central-1:111122223333:flips',
  FLIPPER_WEBHOOK_URL: 'https://hooks.example.test/T0/secret',
  HOOK_KEY: 'key',
};

function open(given: Record<string, string | undefined>) {
  const { channels, problems } = openChannels(
    notifications,
    { ...env, ...given },
    { sns: () => Promise.reject(new Error('not opened yet')) },
  );
  return { names: channels.map(({ name }) => name), problems };
}

describe('openChannels', () => {
  it('takes addresses and keys from the environment', () => {
    expect(open({})).toEqual({ names: ['sns', 'webhook'], problems: [] });
  });

  it.each([
    { given: { FLIPPER_TOPIC_ARN: undefined }, names: ['webhook'], problem: /^no notifications by sns: FLIPPER_TOPIC_ARN is not set$/ },
    { given: { FLIPPER_TOPIC_ARN: `${env.FLIPPER_TOPIC_ARN}.fifo` }, names: ['webhook'], problem: /must be the ARN of a standard topic/ },
    { given: { FLIPPER_WEBHOOK_URL: '' }, names: ['sns'], problem: /FLIPPER_WEBHOOK_URL is not set/ },
    { given: { FLIPPER_WEBHOOK_URL: 'http://hooks.example.test/secret' }, names: ['sns'], problem: /must be an https URL/ },
    { given: { FLIPPER_WEBHOOK_URL: 'secret nonsense' }, names: ['sns'], problem: /must be an https URL/ },
    { given: { HOOK_KEY: undefined }, names: ['sns'], problem: /HOOK_KEY is not set/ },
  ])('goes on without a channel that lacks something: $given', ({ given, names, problem }) => {
    const opened = open(given);
    expect(opened.names).toEqual(names);
    expect(opened.problems).toEqual([expect.stringMatching(problem)]);
    expect(opened.problems.join()).not.toContain('secret');
  });

  it('takes plain http on this machine', () => {
    expect(open({ FLIPPER_WEBHOOK_URL: 'http://127.0.0.1:4700/hook' }).problems).toEqual([]);
  });

  it('has no place for a secret in the configuration itself', () => {
    const withUrl = () =>
      parseEdgeConfig({
        origins: { singapore: { region: 'ap-southeast-1' } },
        defaultOrder: ['singapore'],
        notifications: [{ type: 'webhook', url: 'https://hooks.example.test' }],
      });
    expect(withUrl).toThrow(/notifications\[0\].*url/s);
  });
});
