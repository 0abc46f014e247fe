import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exit, memoryUsage, stdout } from 'node:process';
import { parseEdgeConfig } from '../src/config/edge-config.ts';
import { readRequests } from '../src/log/read-requests.ts';
import { backtest } from '../src/predict/backtest.ts';
import { outageKinds } from '../src/predict/outage-kind.ts';
import { predict } from '../src/predict/predict.ts';
import { assumedPropagation } from '../src/predict/propagation.ts';
import { openTrafficSeries } from '../src/predict/traffic-series.ts';
import { type BenchRow, benchRow, formatBenchRows } from './bench-row.ts';

const lines = 1_000_000;

const config = parseEdgeConfig({
  origins: { singapore: { region: 'ap-southeast-1' }, europe: { region: 'eu-central-1' } },
  defaultOrder: ['singapore', 'europe'],
});

/** The command's own 2,700 outages, and a backtest of a day with three outages. */
async function benchPredict(): Promise<BenchRow[]> {
  const startedAt = performance.now();
  const { outages } = await predict({
    config,
    distribution: undefined,
    broken: 'singapore',
    kinds: outageKinds,
    flipper: 'watch',
    propagation: assumedPropagation,
    outageMs: 1_800_000,
    slowMs: 8_000,
    rate: 1_000,
    postShare: 0.4,
    runs: 300,
    seed: 1,
  });
  const predicted = benchRow(`${outages} outages predicted`, (performance.now() - startedAt) / 1_000, 's', 5);
  const folder = await mkdtemp(join(tmpdir(), 'bench-predict-'));
  try {
    const path = join(folder, 'access.log');
    await writeLog(path);
    return [predicted, ...(await benchBacktest(path))];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeLog(path: string): Promise<void> {
  const file = createWriteStream(path);
  file.write('#Fields: date time x-edge-location c-ip cs-method cs-uri-stem sc-status x-edge-result-type time-taken\n');
  for (let line = 0; line < lines; line++) {
    const second = (line * 86_400) / lines;
    const isDown = [20_000, 40_000, 60_000].some((from) => second > from && second < from + 600);
    const time = new Date(Date.UTC(2026, 10, 20) + second * 1_000).toISOString().slice(11, 19);
    const text = `2026-11-20\t${time}\tFRA56-P1\t198.51.100.${line % 250}\tGET\t/api/${line % 1_000}\t${isDown || line % 500 === 0 ? 503 : 200}\tMiss\t0.1\n`;
    if (!file.write(text)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
}

async function benchBacktest(path: string): Promise<BenchRow[]> {
  const startedAt = performance.now();
  const before = memoryUsage().rss;
  const collected = openTrafficSeries();
  let most = 0;
  for await (const { requests } of readRequests(path)) {
    for (const request of requests) collected.add(request);
    most = Math.max(most, memoryUsage().rss);
  }
  const readS = (performance.now() - startedAt) / 1_000;
  const series = collected.series();
  await backtest({ config, broken: 'singapore', series, propagation: assumedPropagation, seed: 1, signal: new AbortController().signal });
  return [
    benchRow(`${lines.toLocaleString('en')} lines of a log read`, readS, 's'),
    benchRow('read and backtested', (performance.now() - startedAt) / 1_000, 's', 20),
    benchRow('resident memory more while reading', (most - before) / 1e6, 'MB', 200),
  ];
}

const rows = await benchPredict();
stdout.write(`${formatBenchRows(rows).join('\n')}\n`);
exit(rows.some(({ ok }) => ok === false) ? 1 : 0);
