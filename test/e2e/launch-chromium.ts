import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';

/** Starts the Chromium on PATH, which talks to nobody but the pages under test. Fails, naming the package, when there is none: a test that skips proves nothing. */
export function launchChromium(): Promise<Browser> {
  const executablePath = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'chromium'))
    .find(isExecutable);
  if (executablePath === undefined) throw new Error('chromium is not on PATH; on Debian: apt-get install chromium');
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'];
  const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];
  return chromium.launch({ executablePath, args: [...args, ...quiet] });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Counts what this page gets over the wire from now on: whole files with their heads, and of a stream what has come so far. */
export async function countBytes(page: Page): Promise<() => number> {
  const network = await page.context().newCDPSession(page);
  const ended = new Map<string, number>();
  const streamed = new Map<string, number>();
  network.on('Network.dataReceived', ({ requestId, dataLength }) => streamed.set(requestId, (streamed.get(requestId) ?? 0) + dataLength));
  network.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => ended.set(requestId, encodedDataLength));
  await network.send('Network.enable');
  return () => [...new Map([...streamed, ...ended]).values()].reduce((sum, bytes) => sum + bytes, 0);
}
