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
import { formatTimeline } from '../src/timeline/format-timeline.ts';
import { readTimeline } from '../src/timeline/timeline.ts';

export default defineCommand({
  usage: 'timeline -- <log> [options]',
  summary:
    'Says from an access log when each edge location first obeyed each flip, which origin requests went to, and what failed. Reads a file or a folder of standard v2 or real-time logs with the field viewer-request-log-data, which accessLog in edge.config.ts fills.',
  examples: ['timeline -- logs/', 'timeline -- logs/ --audit history.json --json', 'timeline -- logs/ --distribution E123'],
  positionals: [{ name: 'log' }],
  options: {
    audit: text('the result of failover -- history --json, instead of the store', { placeholder: 'file' }),
    distribution: text('only the requests of this distribution, by id or domain', { placeholder: 'id' }),
    local: flag('read the audit of the running local cloud'),
  },
  main: async ({ values, positionals }, io) => {
    const files = await listLogFiles(positionals[0] ?? '');
    const flips =
      values.audit === undefined ? await readStore(values.local, io) : parseAudit(await readTextFile(values.audit), values.audit);
    const timeline = await readTimeline({ files, flips, distribution: values.distribution, signal: io.signal });
    io.result(timeline, formatTimeline(timeline));
  },
});

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
