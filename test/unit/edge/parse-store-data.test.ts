import { describe, expect, it } from 'vitest';
import { parseStoreData } from '../../../src/edge/parse-test-input.ts';

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
    { text: 'ok', problem: 'must be JSON' },
    { text: '["ok"]', problem: 'a list' },
    { text: '{"health": {"singapore": 0}}', problem: 'key "health".value' },
    { text: '{"health": 1}', problem: 'the number 1' },
    { text: '{"data": [{"key": "health"}]}', problem: 'data[0] (key "health").value' },
    { text: '{"data": [{"key": "a", "value": "1"}, {"key": "a", "value": true}]}', problem: 'data[1] (key "a").value' },
    { text: '{"data": [{"key": 5, "value": "1"}]}', problem: 'data[0].key' },
    { text: '{"data": ["health"]}', problem: 'data[0]' },
    { text: '{"data": [], "more": 1}', problem: 'more: ' },
    { text: '{"data": [{"key": "a", "value": "1", "ttl": 5}]}', problem: 'data[0].ttl' },
    { text: '{"data": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]}', problem: '"a" appears more than once' },
    { text: '{"a": "1", "b": "a", "\\u0061": "2"}', problem: '"a" appears more than once' },
    { text: '\uFEFF{"a": "1"}', problem: 'byte order mark' },
    { text: JSON.stringify(Object.fromEntries(Array.from({ length: 5_500 }, (_, n) => [`k${n}`, 'x'.repeat(1_000)]))), problem: '5 MB' },
    { text: JSON.stringify({ ['k'.repeat(513)]: 'v' }), problem: '1 to 512 bytes' },
    { text: '{"": "v"}', problem: '1 to 512 bytes' },
    { text: JSON.stringify({ k: 'é'.repeat(513) }), problem: 'key "k": the value must have at most 1024 bytes, got 1026' },
  ])('names the problem: $problem', ({ text, problem }) => {
    expect(() => parseStoreData(text, 'keys.json')).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(problem) }),
    );
  });
});
