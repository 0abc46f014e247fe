import { describe, expect, it } from 'vitest';
import { parseStoreData } from '../../../src/edge/parse-store-data.ts';

describe('parseStoreData', () => {
  it.each([
    { form: 'a plain object', text: '{"health": "ok", "b": ""}' },
    { form: 'the form that CloudFront imports', text: '{"data": [{"key": "health", "value": "ok"}, {"key": "b", "value": ""}]}' },
  ])('takes $form', ({ text }) => {
    expect([...parseStoreData(text, 'keys.json')]).toEqual([
      ['health', 'ok'],
      ['b', ''],
    ]);
  });

  it.each([
    { text: 'ok', problem: 'it is not JSON' },
    { text: '["ok"]', problem: 'the data: ' },
    { text: '{"health": {"singapore": 0}}', problem: 'health: ' },
    { text: '{"data": [{"key": "health"}]}', problem: 'data: ' },
    { text: JSON.stringify({ ['k'.repeat(513)]: 'v' }), problem: 'a key has 1 to 512 bytes' },
    { text: '{"": "v"}', problem: 'a key has 1 to 512 bytes' },
    { text: JSON.stringify({ k: 'é'.repeat(513) }), problem: 'k: a value has at most 1024 bytes' },
  ])('names the problem: $problem', ({ text, problem }) => {
    expect(() => parseStoreData(text, 'keys.json')).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(problem) }),
    );
  });
});
