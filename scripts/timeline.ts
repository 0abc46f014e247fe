import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { buildAssets } from '../local/console/console-assets.ts';
import { openFlagStore } from '../src/aws/open-flag-store.ts';
import { defineCommand } from '../src/cli/command.ts';
import { openOutputFolder, readTextFile } from '../src/cli/files.ts';
import { flag, text } from '../src/cli/option.ts';
import { openProject } from '../src/config/open-project.ts';
import type { AuditEntry } from '../src/core/audit.ts';
import { EdgeError } from '../src/errors.ts';
import { readFlipHistory } from '../src/failover/failover-status.ts';
import { listLogFiles } from '../src/log/read-log.ts';
import { isRecord } from '../src/text/is-record.ts';
import { messageOf } from '../src/text/message-of.ts';
import { formatTimeline } from '../src/timeline/format-timeline.ts';
import { readTimeline, type Timeline } from '../src/timeline/timeline.ts';
import { formatTimelinePage, type WorldMap } from '../src/timeline/timeline-page.ts';

export default defineCommand({
  usage: 'timeline -- <log> [options]',
  summary:
    'Calculates from an access log when each edge location first obeyed each flip, which viewers went where and why, and what failed. Reads a file, a folder, or standard input for -, of standard v2 or real-time logs with the field viewer-request-log-data, which accessLog in edge.config.ts fills.',
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
    if (from !== undefined && to !== undefined && from >= to)
      throw new EdgeError('USAGE', `--from must be before --to, got "${values.from}" and "${values.to}"`);
    // A page that cannot be written must be known before hours of logs are read.
    const page = values.html === undefined ? undefined : await openPage(values.html, io);
    const flips =
      values.audit === undefined ? await readStore(values.local, io) : parseAudit(await readTextFile(values.audit), values.audit);
    const timeline = await withLog(positionals[0] ?? '', io.signal, async (path) =>
      readTimeline({ files: await listLogFiles(path), flips, distribution: values.distribution, from, to, signal: io.signal }),
    );
    const unread = timeline.damaged[0] ?? timeline.unreadableExamples[0];
    if (timeline.requests === 0 && unread !== undefined)
      throw new EdgeError('NOT_FOUND', `no request can be read from ${positionals[0]}: ${unread}`, {
        hint: 'give standard v2 or real-time logs of CloudFront, and fetch damaged files again',
      });
    await page?.write(timeline);
    io.result(timeline, [...formatTimeline(timeline), ...(values.html === undefined ? [] : [`page         ${values.html}`])]);
  },
});

async function openPage(file: string, io: Parameters<typeof openProject>[0]): Promise<{ write(timeline: Timeline): Promise<void> }> {
  const folder = await openOutputFolder(dirname(file), [basename(file)]);
  const { config } = await openProject(io);
  const asset = await buildAssets()['/world.json'];
  const world = JSON.parse(String(asset?.body ?? '')) as WorldMap;
  return {
    async write(timeline) {
      await folder.write(basename(file), formatTimelinePage(timeline, { origins: Object.keys(config.origins), world }));
    },
  };
}

/** Standard input is kept in a file first: the kind of a log is in its first bytes. */
async function withLog<Result>(path: string, signal: AbortSignal, read: (path: string) => Promise<Result>): Promise<Result> {
  if (path !== '-') return read(path);
  const folder = await mkdtemp(join(tmpdir(), 'timeline-'));
  try {
    const file = join(folder, 'log');
    await pipeline(process.stdin, createWriteStream(file), { signal }).catch((cause: unknown) => {
      if (signal.aborted) throw cause;
      throw new EdgeError('BUILD_FAILED', `cannot keep standard input in ${folder}: ${messageOf(cause)}`, {
        cause,
        hint: 'set TMPDIR to a folder with more room, or give the log as a file',
      });
    });
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
    const { sequence, at, ...texts } = flip;
    const time = typeof at === 'string' ? Date.parse(at) : at;
    if (!Number.isInteger(sequence) || !Number.isFinite(time)) throw refuse();
    if (['to', 'kind', 'reason', 'by'].some((name) => typeof texts[name] !== 'string')) throw refuse();
    return { ...flip, at: time } as AuditEntry;
  });
}
