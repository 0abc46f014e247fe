// npm run docs:pictures [folder]: the console in six states, light and dark, wide and narrow, as PNG files, and
// docs/images/console*.png from two of them. Needs chromium on PATH. Give a folder to leave the documentation alone.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import process, { argv, stderr, stdout } from 'node:process';
import type { BrowserContext, Page } from 'playwright-core';
import { freePorts } from '../e2e/free-ports.ts';
import { launchChromium } from '../e2e/launch-chromium.ts';
import { startScript, waitUntil } from '../e2e/start-script.ts';

const folder = argv[2];
const patience = 60_000;
const wide = folder === undefined ? { width: 1_280, height: 1_060 } : { width: 1_440, height: 1_180 };
const narrow = { width: 390, height: 844 };

const headline = (page: Page, text: RegExp) => page.locator('#headline-text', { hasText: text }).waitFor({ timeout: patience });
const play = (page: Page, rate: number) => page.getByLabel('Play viewers').selectOption(String(rate));
const fault = (page: Page, origin: string, name: string) => page.getByLabel(`Fault of ${origin}`).selectOption(name);
const fill = (page: Page, label: string, text: string) => page.getByLabel(label).fill(text);
/** Long enough for a chart that is worth a picture. */
const linger = (page: Page, seconds: number) => page.waitForTimeout(seconds * 1_000);

/** Each state begins where the one before ended. */
const states: readonly { name: string; reach: (page: Page) => Promise<unknown> }[] = [
  {
    name: 'calm',
    reach: async (page) => {
      await headline(page, /^All 249/);
      await play(page, 50);
      await linger(page, 25);
    },
  },
  {
    name: 'first-bad-probe',
    reach: async (page) => {
      // The pictures of the documentation show failed requests; without viewers there are none before the first bad
      // probe.
      if (folder !== undefined) await play(page, 0);
      await linger(page, 2);
      await fault(page, 'singapore', 'refuse');
      await headline(page, folder === undefined ? / failed / : /^Probes fail/);
    },
  },
  {
    name: 'flipped',
    reach: async (page) => {
      await headline(page, /is out/);
      await play(page, 50);
      await linger(page, 12);
    },
  },
  {
    name: 'both-dead',
    reach: async (page) => {
      await fault(page, 'europe', 'refuse');
      await page.locator('#headline-detail', { hasText: /are unhealthy/ }).waitFor({ timeout: patience });
    },
  },
  {
    name: 'override',
    reach: async (page) => {
      await fault(page, 'europe', 'none');
      await fault(page, 'singapore', 'none');
      await headline(page, /^All 249/);
      await fill(page, 'Reason, for the audit', 'deploy in Singapore');
      await page.getByRole('button', { name: 'Show the plan' }).click();
      await page.getByRole('button', { name: 'Apply' }).click();
      await headline(page, /is drained/);
      await linger(page, 5);
      await fill(page, 'Reason, for the audit', 'Singapore is done');
      await page.locator('select[name="command"]').selectOption('auto');
      await page.getByRole('button', { name: 'Show the plan' }).click();
      await page.locator('#plan table').waitFor();
    },
  },
  {
    name: 'failing',
    reach: async (page) => {
      await page.getByRole('button', { name: 'Apply' }).click();
      await headline(page, /^All 249/);
      await linger(page, 3);
      await fault(page, 'singapore', 'refuse');
      await headline(page, /requests failed/);
      await linger(page, 0.5);
    },
  },
];

/** Every size and scheme of one moment: without its connection the page stays as it is. */
async function shoot(context: BrowserContext, page: Page, name: string): Promise<void> {
  await context.setOffline(true);
  for (const colorScheme of ['light', 'dark'] as const)
    for (const [size, viewport] of Object.entries({ wide, narrow })) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(viewport);
      const path = folder === undefined ? docsPicture(name, colorScheme, size) : join(folder, `${name}-${colorScheme}-${size}.png`);
      if (path !== undefined) await page.screenshot({ path, animations: 'disabled' });
    }
  await page.setViewportSize(wide);
  await context.setOffline(false);
}

/** The pictures of the documentation: an outage in both schemes, and the narrow page. */
function docsPicture(name: string, scheme: string, size: string): string | undefined {
  if (name !== 'flipped') return undefined;
  if (size === 'wide') return `docs/images/console-${scheme}.png`;
  return scheme === 'light' ? 'docs/images/console-narrow.png' : undefined;
}

const port = await freePorts();
const cloud = startScript('start', ['--quick', '--quiet'], { EDGE_LOCAL_PORT: String(port) });
const browser = await launchChromium();
try {
  if (folder !== undefined) mkdirSync(folder, { recursive: true });
  await waitUntil(() => /^console .*/m.test(cloud.output.stdout), patience);
  const url = /^console +(http:\S+)$/m.exec(cloud.output.stdout)?.[1] ?? '';
  const context = await browser.newContext({ viewport: wide });
  const page = await context.newPage();
  page.on('pageerror', (error) => stderr.write(`page: ${error.message}\n`));
  await page.goto(url);
  for (const { name, reach } of folder === undefined ? states.slice(0, 3) : states) {
    await reach(page);
    await shoot(context, page, name);
    stdout.write(`${name}\n`);
  }
} catch (error) {
  stderr.write(`error: ${(error as Error).message}\n${cloud.output.stderr}\n`);
  process.exitCode = 1;
} finally {
  await browser.close();
  cloud.child.kill('SIGTERM');
  await cloud.ended;
}
