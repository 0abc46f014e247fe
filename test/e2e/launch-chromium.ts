import { type Browser, chromium, type Page } from 'playwright-core';
import { pathOf, programs } from '../programs.ts';

/** Starts the Chromium on PATH, which connects only to the pages under test. */
export function launchChromium(): Promise<Browser> {
  const executablePath = pathOf('chromium');
  if (executablePath === undefined) throw new Error(`chromium is not on PATH; on Debian: ${programs.chromium}`);
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'];
  const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];
  return chromium.launch({ executablePath, args: [...args, ...quiet] });
}

/**
 * Counts what this page gets over the wire from now on: whole files with their heads, and of a stream what has come so
 * far.
 */
export async function countBytes(page: Page): Promise<() => number> {
  const network = await page.context().newCDPSession(page);
  const ended = new Map<string, number>();
  const streamed = new Map<string, number>();
  network.on('Network.dataReceived', ({ requestId, dataLength }) => streamed.set(requestId, (streamed.get(requestId) ?? 0) + dataLength));
  network.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => ended.set(requestId, encodedDataLength));
  await network.send('Network.enable');
  return () => [...new Map([...streamed, ...ended]).values()].reduce((sum, bytes) => sum + bytes, 0);
}
