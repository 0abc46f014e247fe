import { expect, it } from 'vitest';
import { openBatchWriter } from '../../../../local/runtime/batch-writer.ts';
import type { Batch } from '../../../../local/runtime/wire.ts';
import type { RunInput, ViewerRequestEvent } from '../../../../src/edge/execution.ts';

const event: ViewerRequestEvent = {
  version: '1.0',
  context: { distributionDomainName: 'd', distributionId: 'E', eventType: 'viewer-request', requestId: 'r' },
  viewer: { ip: '203.0.113.7' },
  request: { method: 'GET', uri: '/', querystring: {}, headers: {}, cookies: {} },
};
const input = (sha256: string, store?: RunInput['store']): RunInput => ({ source: { code: `// ${sha256}`, sha256 }, event, store });
const parse = (text: string): Batch => JSON.parse(text);

it('sends a source and a snapshot once', () => {
  const writer = openBatchWriter();
  const store = { values: new Map([['health', 'ok']]) };
  const first = parse(writer.write([input('a', store), input('a', store)], 1));
  const second = parse(writer.write([input('a', store), input('b', store)], 2));
  expect(first.sources.map(({ body }) => body)).toEqual(['// a']);
  expect(first.stores).toHaveLength(1);
  expect(second.sources.map(({ body }) => body)).toEqual(['// b']);
  expect(second.stores).toEqual([]);
  expect(second.runs.map(({ source, store: id, now }) => [source, id, now])).toEqual([
    [1, 1, 2],
    [2, 1, 2],
  ]);
});

it('sends a snapshot again when its content changed and has no version', () => {
  const writer = openBatchWriter();
  const values = new Map([['health', 'ok']]);
  writer.write([input('a', { values })], 1);
  values.set('health', 'singapore=0');
  expect(parse(writer.write([input('a', { values })], 2)).stores.map(({ entries }) => entries)).toEqual([[['health', 'singapore=0']]]);
});

it('forgets what was longest unused, never what the batch itself uses', () => {
  const writer = openBatchWriter();
  for (let index = 0; index < 64; index += 1) writer.write([input(`source ${index}`)], 1);
  writer.write([input('source 0')], 1);
  const batch = parse(writer.write([input('new')], 1));
  expect(batch.forgetSources).toEqual([2]);
  expect(parse(writer.write([input('source 0')], 1)).sources).toEqual([]);
  expect(parse(writer.write([input('source 1')], 1)).sources).toHaveLength(1);
});

it('prefers the clock, the raw query string and the place of the run', () => {
  const edgeLocation = { name: 'SIN', serverIp: '127.0.0.1', region: 'ap-southeast-1' };
  const [run] = parse(openBatchWriter().write([{ ...input('a'), now: 7, rawQueryString: '', edgeLocation }], 1)).runs;
  expect(run).toEqual({ source: 1, now: 7, event, rawQueryString: '', edgeLocation });
});
