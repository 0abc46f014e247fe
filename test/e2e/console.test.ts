import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../programs.ts';
import { freePorts } from './free-ports.ts';
import { countBytes, launchChromium } from './launch-chromium.ts';
import { startScript, waitUntil } from './start-script.ts';

// Every wait is for a condition; this long at most, on a machine with much else to do.
const patience = { timeout: 40_000 };

/**
 * Evaluated in the page: what can be seen and reaches over its left or right edge, except what scrolls in its own box.
 */
const outsideOfPage = `[...document.querySelectorAll('button, input, select, h1, h2, h3, .panel, svg')]
  .filter((element) => element.getClientRects().length > 0 && element.closest('.scroll, .unseen, defs') === null)
  .filter((element) => element.getBoundingClientRect().right > 360.5 || element.getBoundingClientRect().left < -0.5)
  .map((element) => element.outerHTML.slice(0, 80))`;

describeWith(['chromium'], 'the console in a real Chromium', () => {
  let cloud: ReturnType<typeof startScript>;
  let browser: Browser;
  let url = '';
  const contexts: BrowserContext[] = [];

  beforeAll(async () => {
    const port = await freePorts();
    cloud = startScript('start', ['--quick', '--quiet', '--propagation', '300ms'], { EDGE_LOCAL_PORT: String(port) });
    [browser] = await Promise.all([launchChromium(), waitUntil(() => cloud.output.stdout.includes('npm run failover'), 40_000)]);
    url = /^console +(http:\S+)$/m.exec(cloud.output.stdout)?.[1] ?? '';
    expect(url, cloud.output.stderr).toBe(`http://127.0.0.1:${port + 4}`);
  }, 60_000);

  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close();
  });

  afterAll(async () => {
    await browser?.close();
    cloud.child.kill('SIGTERM');
    await cloud.ended;
  });

  /** The page with its map coloured, and all that it asked for and complained of. */
  async function open(options: Parameters<Browser['newContext']>[0] = {}, address = url) {
    const context = await browser.newContext({ viewport: { width: 1_280, height: 900 }, ...options });
    contexts.push(context);
    const page = await context.newPage();
    const seen = { urls: [] as string[], complaints: [] as string[], bytes: await countBytes(page) };
    page.on('request', (request) => seen.urls.push(request.url()));
    page.on('console', (message) => seen.complaints.push(message.text()));
    page.on('pageerror', (error) => seen.complaints.push(error.message));
    await page.goto(address);
    await page.locator('#map path[data-served]').first().waitFor({ state: 'attached' });
    return { page, seen };
  }

  const servedBy = (page: Page, code: string) => () => page.locator(`#map path[data-code="${code}"]`).getAttribute('data-served');
  const fillOf = (page: Page, code: string) => () =>
    page.evaluate<string>(`getComputedStyle(document.querySelector('#map path[data-code="${code}"]')).fill`);
  const headline = (page: Page) => () => page.locator('#headline-text').textContent();
  const timeline = (page: Page) => () => page.locator('#timeline').textContent();
  const tone = (page: Page) => () => page.locator('#headline').getAttribute('data-tone');
  const setFault = (page: Page, origin: string, name: string) => page.getByLabel(`Fault of ${origin}`).selectOption(name);

  it('breaks Singapore with a click, shows the flip and the map change, and drives it home', { timeout: 90_000 }, async () => {
    const { page, seen } = await open();
    await expect.poll(headline(page), patience).toBe('All 249 countries at home');
    expect([await servedBy(page, 'IN')(), await servedBy(page, 'DE')()]).toEqual(['singapore', 'europe']);
    const home = await fillOf(page, 'IN')();

    // Some viewers play from the start, so that the first screen shows traffic.
    await expect.poll(() => page.locator('.columns .origin-0').getAttribute('d'), patience).toMatch(/^M/);

    await setFault(page, 'singapore', 'refuse');
    await expect.poll(tone(page), patience).toMatch(/warn|bad/);
    await expect.poll(timeline(page), patience).toMatch(/singapore 100\u00a0% → 0\u00a0%flip #1, automatic/);
    await expect.poll(servedBy(page, 'IN'), patience).toBe('europe');
    expect(await page.getByLabel('Fault of singapore').inputValue()).toBe('refuse');
    expect(await page.locator('.columns .failed').getAttribute('d')).toMatch(/^M/);
    expect(await page.locator('.flips text').allTextContents()).toEqual(expect.arrayContaining(['singapore breaks', 'singapore 0\u00a0%']));
    expect(await page.locator('[data-pin="singapore"]').getAttribute('data-tone')).toBe('bad');
    expect(await servedBy(page, 'DE')()).toBe('europe');
    expect(await fillOf(page, 'IN')()).toBe(await fillOf(page, 'DE')());
    expect(await fillOf(page, 'IN')()).not.toBe(home);
    await expect.poll(headline(page), patience).toBe('singapore is out: 237 countries served by europe');
    expect(await page.locator('[data-origin="singapore"] .verdict').textContent()).toContain('unhealthy');
    expect(await page.locator('#announce').textContent()).toMatch(/singapore/);
    expect(await page.locator('[data-origin="singapore"] .weight').textContent()).toBe('0 %');

    await setFault(page, 'singapore', 'none');
    await expect.poll(servedBy(page, 'IN'), patience).toMatch(/^europe \d+ %, singapore \d+ %$/);
    await expect.poll(headline(page), patience).toMatch(/^singapore is shared: 237 countries served by/);
    await expect.poll(headline(page), patience).toBe('All 249 countries at home');
    expect(await servedBy(page, 'IN')()).toBe('singapore');
    expect(await fillOf(page, 'IN')()).toBe(home);
    expect(await timeline(page)()).toMatch(/singapore is restored/);
    expect(seen.complaints).toEqual([]);
  });

  it('moves all viewers by hand and back with the keyboard alone', { timeout: 60_000 }, async () => {
    const { page } = await open();
    await expect.poll(headline(page), patience).toBe('All 249 countries at home');
    const focused = () => page.evaluate<string>("document.activeElement.getAttribute('name') ?? document.activeElement.id");
    const tabTo = async (name: string) => {
      for (let presses = 0; presses < 60 && (await focused()) !== name; presses++) await page.keyboard.press('Tab');
      expect(await focused()).toBe(name);
    };
    await tabTo('reason');
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
    await page.keyboard.type('by keyboard');
    await page.keyboard.press('Enter');
    const moved = page.locator('#plan tr.changed', { hasText: 'singapore' });
    await moved.waitFor();
    expect(await moved.locator('td').allTextContents()).toEqual(['100 %', '0 %']);
    await tabTo('write-plan');
    await page.keyboard.press('Enter');
    await expect.poll(servedBy(page, 'IN'), patience).toBe('europe');
    expect(await page.locator('#override').textContent()).toMatch(/europe 100 %.*left; .*: by keyboard/);
    await expect.poll(() => page.locator('#headline-detail').textContent(), patience).toMatch(/^override by .*, \d+ min/);

    await page.locator('select[name="command"]').focus();
    await page.keyboard.press('End');
    await tabTo('reason');
    await page.keyboard.press('Enter');
    await tabTo('write-plan');
    await page.keyboard.press(' ');
    await expect.poll(headline(page), patience).toBe('All 249 countries at home');
  });

  it('says why a move is refused, and which origin serves a country', { timeout: 60_000 }, async () => {
    const { page } = await open();
    await page.getByLabel('For', { exact: true }).fill('80h');
    await page.getByLabel('Reason, for the audit').fill('too long');
    await page.getByRole('button', { name: 'Show the plan' }).click();
    await expect.poll(() => page.locator('#failover-problem').textContent(), patience).toMatch(/at most 72h/);
    expect(await page.locator('#write-plan').isVisible()).toBe(false);
    await page.getByLabel('Country', { exact: true }).fill('germany');
    expect(await page.locator('#country-answer').textContent()).toMatch(/^Germany \(DE\): europe, at home/);
    await page.locator('#world-table summary').click();
    expect(await page.locator('#world-rows tr').count()).toBe(2);
    expect(await page.locator('#world-rows').textContent()).toContain('237 countries');
  });

  it('lets the edge fail to read, so that all viewers go home', { timeout: 60_000 }, async () => {
    const { page } = await open();
    const button = page.getByRole('button', { name: 'Reads fail' });
    await button.click();
    await expect.poll(headline(page), patience).toMatch(/cannot read the record/);
    await button.click();
    await expect.poll(headline(page), patience).toBe('All 249 countries at home');
  });

  it('shows requests with the decision of each', { timeout: 60_000 }, async () => {
    const { page } = await open();
    await page.getByLabel('Play viewers').selectOption('50');
    const row = page.locator('#request-rows tr').first();
    await expect.poll(() => row.textContent(), patience).toMatch(/(singapore|europe);country=\S+;health=ok/);
    await expect.poll(() => page.locator('#traffic-now').textContent(), patience).toMatch(/requests\/s, p50 .* ms, p99 .* ms; none failed/);
    expect((await page.locator('.line.p99').getAttribute('d'))?.length).toBeGreaterThan(5);
    await page.getByLabel('Play viewers').selectOption('0');
  });

  it('has its tab stops in the order in which one sees them', { timeout: 60_000 }, async () => {
    const { page } = await open();
    await expect.poll(headline(page), patience).toContain('249 countries');
    const panels = await page.evaluate<[number, number][]>(`[...document.querySelectorAll('button, input, select, summary, [tabindex="0"]')]
      .filter((element) => element.getClientRects().length > 0 && element.closest('main > section') !== null)
      .map((element) => element.closest('main > section').getBoundingClientRect())
      .map(({ top, left }) => [Math.round(top), Math.round(left)])`);
    expect(new Set(panels.map(String)).size).toBeGreaterThan(5);
    expect(panels).toEqual(panels.toSorted(([top, left], [otherTop, otherLeft]) => top - otherTop || left - otherLeft));
    expect(await page.locator('[tabindex]:not([tabindex="0"], [tabindex="-1"])').count()).toBe(0);
  });

  it('shows an account: read-only unless --write, with the same plan and audit', { timeout: 90_000 }, async () => {
    const env = { EDGE_LOCAL_PORT: String(Number(new URL(url).port) - 4) };
    const logs = await mkdtemp(join(tmpdir(), 'console-logs-'));
    await writeFile(join(logs, 'one.log'), 'no request <b>\n');
    const accounts = [
      ['--logs', logs],
      ['--write', '--by', 'bob'],
    ].map((args) => startScript('console', ['--local', '--every', '1s', ...args], env));
    try {
      const addressOf = async ({ output }: (typeof accounts)[number]) => {
        await waitUntil(() => /^console /m.test(output.stdout), 40_000);
        return /^console +(http:\S+)$/m.exec(output.stdout)?.[1] ?? output.stderr;
      };
      const [reading, writing] = (await Promise.all(accounts.map(addressOf))) as [string, string];
      // What others wrote is text here, whatever it looks like.
      const hostile = '<img src=x onerror=alert(1)>';
      const body = JSON.stringify({ command: 'drain', origin: 'singapore', for: '10m', reason: hostile, by: hostile, write: 'yes' });
      const headers = { 'content-type': 'application/json' };
      expect((await fetch(`${url}/api/failover`, { method: 'POST', headers, body })).status).toBe(200);

      const { page, seen } = await open({}, reading);
      await expect.poll(timeline(page), patience).toContain(hostile);
      expect(await page.locator('main img').count()).toBe(0);
      await expect.poll(() => page.locator('#log-lines').textContent(), patience).toMatch(/^read +0 requests[\s\S]*one\.log:1/);
      expect(await page.locator('#target-detail').textContent()).toMatch(/read-only$/);
      expect(await page.locator('#failover').isVisible()).toBe(false);
      expect(await page.locator('#calls').textContent()).toMatch(/^\d+ AWS calls, \$0\.\d{4}$/);
      await expect.poll(servedBy(page, 'IN'), patience).toBe('europe');
      const refused = await page.evaluate<number>(
        `fetch('/api/failover', { method: 'POST', headers: { 'content-type': 'application/json' }, body: ${JSON.stringify(body)} }).then(({ status }) => status)`,
      );
      expect(refused).toBe(403);
      expect(seen.urls.filter((asked) => !asked.startsWith(new URL(reading).origin))).toEqual([]);

      const writer = (await open({}, writing)).page;
      await writer.locator('select[name="command"]').selectOption('auto');
      await writer.getByLabel('Reason, for the audit').fill('over');
      await writer.getByRole('button', { name: 'Show the plan' }).click();
      await writer.locator('#plan tr.changed', { hasText: 'singapore' }).waitFor();
      await writer.getByRole('button', { name: 'Apply' }).click();
      await expect.poll(timeline(page), patience).toContain('bob ended the override');
      await expect.poll(headline(page), patience).toBe('All 249 countries at home');
    } finally {
      for (const { child } of accounts) child.kill('SIGTERM');
      await Promise.all(accounts.map(({ ended }) => ended));
      await rm(logs, { recursive: true });
    }
  });

  it.each(['light', 'dark'] as const)(
    'fits 360 px in the %s, loads nothing from elsewhere, and is no more than 150 kB',
    { timeout: 60_000 },
    async (colorScheme) => {
      const { page, seen } = await open({ viewport: { width: 360, height: 740 }, colorScheme });
      await expect.poll(headline(page), patience).toContain('249 countries');
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
      expect(await page.evaluate(outsideOfPage)).toEqual([]);
      const [red] = (await page.evaluate<string>('getComputedStyle(document.body).backgroundColor')).match(/\d+/g) ?? [];
      if (colorScheme === 'dark') expect(Number(red)).toBeLessThan(60);
      else expect(Number(red)).toBeGreaterThan(200);
      expect(seen.urls.filter((asked) => !asked.startsWith(`${url}/`))).toEqual([]);
      expect(seen.bytes()).toBeGreaterThan(20_000);
      expect(seen.bytes()).toBeLessThanOrEqual(150_000);
      expect(seen.complaints).toEqual([]);
    },
  );
});
