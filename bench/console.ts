// npm run bench -- console: the console's start, bytes, and behaviour at a thousand requests per second. Needs chromium
// on PATH.
import { type ChildProcess, spawn } from 'node:child_process';
import { env, execPath, exit, stderr, stdout } from 'node:process';
import type { Browser, Page } from 'playwright-core';
import { freePorts } from '../test/e2e/free-ports.ts';
import { countBytes, launchChromium } from '../test/e2e/launch-chromium.ts';
import { type BenchRow, benchRow, formatBenchRows } from './bench-row.ts';

const budgets = { firstPaintMs: 1_000, bytes: 150_000, longestFrameMs: 500, clickMs: 500 };
const seconds = 20;

/** Evaluated in the page: longest time between two frames and longest task, from now on. */
const startWatch = `
  window.longest = { frame: 0, task: 0 };
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.longest.task = Math.max(window.longest.task, duration);
  }).observe({ type: 'longtask' });
  let last = performance.now();
  const frame = (now) => {
    window.longest.frame = Math.max(window.longest.frame, now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
`;

/** Evaluated in the page: milliseconds from a click until what it changes has been painted. */
const clickAndPaint = `new Promise((resolve) => {
  const startedAt = performance.now();
  document.getElementById('pause').click();
  requestAnimationFrame(() => requestAnimationFrame((now) => resolve(now - startedAt)));
})`;

async function startCloud(): Promise<{ child: ChildProcess; url: string }> {
  const port = await freePorts();
  const args = ['--no-warnings', 'scripts/run.mjs', 'start', '--quiet'];
  const child = spawn(execPath, args, { env: { ...env, EDGE_LOCAL_PORT: String(port) }, stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += String(chunk);
      if (said.includes('npm run failover')) resolve();
    });
    child.once('exit', () => reject(new Error('npm start ended early')));
  });
  return { child, url: `http://127.0.0.1:${port + 4}` };
}

/** A page of its own, with a cold cache: first paint, the coloured map, bytes on the wire. */
async function measureLoad(browser: Browser, url: string): Promise<{ paintMs: number; mapMs: number; bytes: number }> {
  const context = await browser.newContext({ viewport: { width: 1_280, height: 900 } });
  const page = await context.newPage();
  const bytes = await countBytes(page);
  await page.goto(url);
  await page.locator('#map path[data-served]').first().waitFor({ state: 'attached' });
  const mapMs = await page.evaluate<number>('performance.now()');
  const paintMs = await page.evaluate<number>("performance.getEntriesByName('first-contentful-paint')[0].startTime");
  const total = bytes();
  await context.close();
  return { paintMs, mapMs, bytes: total };
}

/** An open page while the simulated viewers send this many requests per second. */
async function measureLoadedPage(browser: Browser, url: string) {
  const page = await (await browser.newContext({ viewport: { width: 1_280, height: 900 } })).newPage();
  await page.goto(url);
  await page.locator('#map path[data-served]').first().waitFor({ state: 'attached' });
  await page.getByLabel('Play viewers').selectOption('1000');
  await page.waitForTimeout(5_000);
  const before = await heapMb(page);
  await page.evaluate(startWatch);
  let clickMs = 0;
  const rates: number[] = [];
  for (let second = 0; second < seconds; second++) {
    await page.waitForTimeout(1_000);
    clickMs = Math.max(clickMs, await page.evaluate<number>(clickAndPaint));
    rates.push(Number(/^([\d,]+) request/.exec((await page.locator('#traffic-now').textContent()) ?? '')?.[1]?.replaceAll(',', '') ?? 0));
  }
  const longest = await page.evaluate<{ frame: number; task: number }>('window.longest');
  const rows = await page.locator('#request-rows tr').count();
  const after = await heapMb(page);
  await page.getByLabel('Play viewers').selectOption('0');
  rates.sort((a, b) => a - b);
  return { ...longest, clickMs, rows, grownMb: after - before, rate: rates[Math.floor(rates.length / 2)] ?? 0 };
}

async function heapMb(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize / 2 ** 20;
}

async function benchConsole(): Promise<BenchRow[]> {
  const [browser, cloud] = await Promise.all([launchChromium(), startCloud()]);
  try {
    await measureLoad(browser, cloud.url);
    const loads = [];
    for (let round = 0; round < 5; round++) loads.push(await measureLoad(browser, cloud.url));
    loads.sort((a, b) => a.paintMs - b.paintMs);
    const middle = loads[2] ?? { paintMs: 0, mapMs: 0, bytes: 0 };
    const loaded = await measureLoadedPage(browser, cloud.url);
    return [
      benchRow('first paint, median of 5', middle.paintMs, 'ms', budgets.firstPaintMs),
      benchRow('map coloured, in the same load', middle.mapMs, 'ms'),
      benchRow('all that is loaded, on the wire', middle.bytes, 'bytes', budgets.bytes),
      benchRow('requests a second at the edge, median', loaded.rate, '1/s'),
      benchRow(`longest time between two frames in ${seconds} s`, loaded.frame, 'ms', budgets.longestFrameMs),
      benchRow('longest task of the page', loaded.task, 'ms'),
      benchRow('slowest click until it is painted', loaded.clickMs, 'ms', budgets.clickMs),
      benchRow('rows of the request stream', loaded.rows, 'rows', 40),
      benchRow(`memory of the page more after ${seconds} s`, loaded.grownMb, 'MB', 5),
    ];
  } finally {
    await browser.close();
    cloud.child.kill('SIGTERM');
  }
}

const rows = await benchConsole().catch((error: Error) => {
  stderr.write(`error: ${error.message}\n`);
  exit(1);
});
stdout.write(`${formatBenchRows(rows).join('\n')}\n`);
exit(rows.some(({ ok }) => ok === false) ? 1 : 0);
