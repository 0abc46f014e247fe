import { execFile } from 'node:child_process';
import { expect, it } from 'vitest';
import { maxValueBytes } from '../../../kvs/limits.ts';
import { buildFunction } from '../../../src/edge/build.ts';
import { countInstructions } from '../../../src/edge/instructions.ts';
import { describeWith } from '../../programs.ts';
import { njs, sampleEvent, valgrind } from '../njs/sample.ts';
import { configs } from './configs.ts';

describeWith(['njs', 'valgrind'], 'what the router costs in njs', () => {
  it('keeps every budget, with edge.config.ts and with 249 countries', async () => {
    const { exitCode, stdout } = await new Promise<{ exitCode: unknown; stdout: string }>((resolve) => {
      const command = ['--import', 'tsx', '--no-warnings', 'bench/router-cost.ts'];
      execFile(process.execPath, command, { env: process.env }, (error, output) => resolve({ exitCode: error?.code ?? 0, stdout: output }));
    });
    expect(stdout).not.toContain('OVER BUDGET');
    expect(stdout.match(/(?<= {2}of )[\d,]+/g)).toEqual([
      ...['1,300', '1,500,000', '20,000', '45,000', '60,000'],
      ...['10,240', '2,000,000', '40,000'],
      ...['10,240', '2,000,000', '40,000'],
      ...['10,240', '2,000,000', '40,000'],
    ]);
    expect(exitCode).toBe(0);
  }, 120_000);

  // A value of the store that is no record must not cost so much that CloudFront stops the function: that is a 503 for every viewer.
  it('costs no more than two partial weights with any text of 1 KB that is no record', async () => {
    const texts = [';'.repeat(maxValueBytes), `${'a'.repeat(maxValueBytes - 2)}=x`, 'a=x;'.repeat(maxValueBytes / 4)];
    const event = sampleEvent({ headers: { 'cloudfront-viewer-country': { value: 'IN' } } });
    const inputs = texts.map((text) => ({ event, store: { values: new Map([['health', text]]) } }));
    const { code } = await buildFunction(configs.sample);
    const tools = { njs: String(njs), valgrind: String(valgrind) };
    const { perRequest } = await countInstructions(code, inputs, tools, { eventsPerRun: 10 });
    for (const [index, text] of texts.entries()) expect(perRequest[index], text.slice(0, 9)).toBeLessThanOrEqual(2 * 60_000);
  }, 120_000);
});
