import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { buildAssets } from '../local/console/console-assets.ts';
import { openFlagStore } from '../src/aws/open-flag-store.ts';
import { defineCommand } from '../src/cli/command.ts';
import { readTextFile } from '../src/cli/files.ts';
import { flag, text } from '../src/cli/option.ts';
import { openProject } from '../src/config/open-project.ts';
import type { AuditEntry } from '../src/core/audit.ts';
import { EdgeError } from '../src/errors.ts';
import { readFlipHistory } from '../src/failover/failover-status.ts';
import { listLogFiles } from '../src/log/read-log.ts';
import { isRecord } from '../src/text/is-record.ts';
import { messageOf } from '../src/text/message-of.ts';
import { formatTimeline } from '../src/timeline/format-timeline.ts';
import { readTimeline } from '../src/timeline/timeline.ts';
import { formatTimelinePage, type WorldMap } from '../src/timeline/timeline-page.ts';

export default defineCommand({
  usage: 'timeline -- <log> [options]',
  summary:
    'Says from an access log when each edge location first obeyed each flip, who was sent where and why, and what failed. Reads a file, a folder, or standard input for -, of standard v2 or real-time logs with the field viewer-request-log-data, which accessLog in edge.config.ts fills.',
  examples: [
    'timeline -- logs/',
    'timeline -- logs/ --html timeline.html --from 2026-11-20T12:00Z --to 2026-11-20T13:00Z',
    'timeline -- logs/ --audit history.json --json',
    'timeline -- logs/ --distribution E123',
  ],
  positionals: [{ name: 'log' }],
  options: {
    audit: text('the result of failover -- history --json, instead of the store', { placeholder: 'file' }),
    distribution: text('only the requests of this distribution, by id or domain', { placeholder: 'id' }),
    from: text('only requests from this time on: 2026-11-20T12:00Z', { placeholder: 'time' }),
    to: text('only requests before this time', { placeholder: 'time' }),
    html: text('also write a page with a chart and a map', { placeholder: 'file' }),
    local: flag('read the audit of the running local cloud'),
  },
  main: async ({ values, positionals }, io) => {
    const [from, to] = [parseMoment(values.from, 'from'), parseMoment(values.to, 'to')];
    const flips =
      values.audit === undefined ? await readStore(values.local, io) : parseAudit(await readTextFile(values.audit), values.audit);
    const timeline = await withLog(positionals[0] ?? '', async (path) =>
      readTimeline({ files: await listLogFiles(path), flips, distribution: values.distribution, from, to, signal: io.signal }),
    );
    if (values.html !== undefined) {
      const { config } = await openProject(io);
      const asset = await buildAssets()['/world.json'];
      const world = JSON.parse(String(asset?.body ?? '')) as WorldMap;
      const page = formatTimelinePage(timeline, { origins: Object.keys(config.origins), world });
      await writeFile(values.html, page).catch((cause: unknown) => {
        throw new EdgeError('CONFIG_INVALID', `cannot write ${values.html}: ${messageOf(cause)}`, { cause });
      });
    }
    io.result(timeline, [...formatTimeline(timeline), ...(values.html === undefined ? [] : [`page         ${values.html}`])]);
  },
});

/** Standard input is kept in a file first: the kind of a log is in its first bytes. */
async function withLog<Result>(path: string, read: (path: string) => Promise<Result>): Promise<Result> {
  if (path !== '-') return read(path);
  const folder = await mkdtemp(join(tmpdir(), 'timeline-'));
  try {
    const file = join(folder, 'log');
    await pipeline(process.stdin, createWriteStream(file));
    return await read(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function parseMoment(value: string | undefined, option: string): number | undefined {
  if (value === undefined) return undefined;
  // Without a zone the time is that of the logs.
  const at = /^\d{4}-\d\d-\d\d/.test(value)
    ? Date.parse(/(Z|[+-]\d\d:\d\d)$|^\d{4}-\d\d-\d\d$/.test(value) ? value : `${value}Z`)
    : Number.NaN;
  if (Number.isNaN(at)) throw new EdgeError('USAGE', `--${option} must be a time, got "${value}"`, { hint: '2026-11-20T12:00Z' });
  return at;
}

async function readStore(isLocal: boolean, io: Parameters<typeof openProject>[0] & { progress: (line: string) => void }) {
  const { config } = await openProject(io);
  const { store } = await openFlagStore({ env: io.env, isLocal, config, log: io.progress });
  return (await readFlipHistory(store)).flips;
}

function parseAudit(content: string, file: string): AuditEntry[] {
  const refuse = () => new EdgeError('CONFIG_INVALID', `${file} is not the result of failover -- history --json`);
  let found: unknown;
  try {
    found = JSON.parse(content);
  } catch (cause) {
    throw Object.assign(refuse(), { cause });
  }
  const flips = isRecord(found) ? found['flips'] : found;
  if (!Array.isArray(flips)) throw refuse();
  return flips.map((flip: unknown) => {
    if (!isRecord(flip)) throw refuse();
    const { sequence, at, to } = flip;
    const time = typeof at === 'string' ? Date.parse(at) : at;
    if (!Number.isInteger(sequence) || !Number.isFinite(time) || typeof to !== 'string') throw refuse();
    return { ...flip, sequence, at: time, to } as AuditEntry;
  });
}
