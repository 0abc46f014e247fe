import { execFile } from 'node:child_process';
import { expect, it } from 'vitest';
import type { EdgeConfig } from '../../../src/config/edge-config.ts';
import { buildFunction } from '../../../src/edge/build.ts';
import { countRequests } from '../../../src/edge/njs/instructions.ts';
import { describeWith } from '../../programs.ts';
import { njs, sampleEvent, valgrind } from '../njs/sample.ts';
import { configs } from './configs.ts';
import { dearestRecords } from './worst-records.ts';

describeWith(['njs', 'valgrind'], 'what the router costs in njs', () => {
  it('keeps every budget, with edge.config.ts and with 249 countries', async () => {
    const { exitCode, stdout } = await new Promise<{ exitCode: unknown; stdout: string }>((resolve) => {
      const command = ['--import', 'tsx', '--no-warnings', 'bench/router-cost.ts', '--budgets'];
      execFile(process.execPath, command, { env: process.env }, (error, output) => resolve({ exitCode: error?.code ?? 0, stdout: output }));
    });
    expect(stdout).not.toContain('OVER BUDGET');
    expect(stdout.match(/(?<= {2}of )[\d,]+/g)).toEqual([
      ...['1,300', '1,500,000', '16,000', '40,000', '50,000', '250,000', '250,000'],
      ...['1,000', '1,000', '120'],
      ...['5,000', '260', '15,000', '260', '5,000', '260'],
      ...['8,000', '8,000', '8,000', '8,500', '8,000', '20,000', '20,000'],
      ...['2,500', '2,500', '8,000', '30,000'],
      ...['10,240', '2,000,000', '40,000', '40,000'],
    ]);
    expect(exitCode).toBe(0);
  }, 600_000);

  it('costs at most 1,500 more with a retry header, and 2,500 where a request has it', async () => {
    const header = 'amz-sdk-request';
    const inputs = [undefined, 'attempt=1; max=3', 'attempt=2; max=3'].map((value) => {
      const retry = value === undefined ? {} : { [header]: { value } };
      const headers = { 'cloudfront-viewer-country': { value: 'IN' }, ...retry };
      return { event: sampleEvent({ method: 'POST', headers }), store: { values: new Map([['health', 'ok']]) } };
    });
    const tools = { njs: String(njs), valgrind: String(valgrind) };
    const options = { known: new Map<string, Promise<number>>(), eventsPerRun: 10 };
    const count = async (config: EdgeConfig) => countRequests((await buildFunction(config)).code, inputs, tools, options);
    const [plain, retrying] = [await count(configs.sample), await count({ ...configs.sample, retryHeader: header })];
    const more = retrying.map((cost, index) => cost - (plain[index] ?? Number.NaN));
    expect(more[0]).toBeLessThanOrEqual(1_500);
    expect(Math.max(...more)).toBeLessThanOrEqual(2_500);
  }, 240_000);

  // Whatever anyone writes into the store must not cost so much that CloudFront stops the function: that is a 503 for
  // every viewer.
  it('costs at most 250,000 for any record of up to 1 KB', async () => {
    const event = sampleEvent({ headers: { 'cloudfront-viewer-country': { value: 'IN' } } });
    const { code } = await buildFunction(configs.sample);
    const tools = { njs: String(njs), valgrind: String(valgrind) };
    const inputs = dearestRecords.map((record) => ({
      event,
      store: { values: new Map([['health', record]]) },
    }));
    const perRequest = await countRequests(code, inputs, tools, { eventsPerRun: 10 });
    for (const [index, { store }] of inputs.entries())
      expect(perRequest[index], store.values.get('health')?.slice(0, 80)).toBeLessThanOrEqual(250_000);
  }, 240_000);
});
