import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exit, memoryUsage, stdout } from 'node:process';
import type { AuditEntry } from '../src/core/audit.ts';
import { listLogFiles } from '../src/log/read-log.ts';
import { readTimeline } from '../src/timeline/timeline.ts';
import { type BenchRow, benchRow, formatBenchRows } from './bench-row.ts';

const lines = 1_000_000;
const start = Date.UTC(2026, 10, 20);
const locations = ['SIN52-P1', 'FRA60-P1', 'IAD12-P2', 'BOM50-P1', 'GRU3-P1', 'NRT57-P3'];
const countries = ['SG', 'DE', 'US', 'IN', 'BR', 'JP'];

/** A flip every quarter of an hour of a day, out and home. */
const flips: AuditEntry[] = Array.from({ length: 96 }, (_, index) => ({
  ...{ sequence: index + 1, at: start + index * 900_000, kind: 'automatic', reason: 'bench', by: 'bench' },
  to: `#=0@${String(index + 1).padStart(6, '0')};${index % 2 === 0 ? 'singapore=0' : 'ok'}`,
}));

async function writeLog(path: string): Promise<void> {
  const file = createWriteStream(path);
  file.write(
    '#Version: 1.0\n#Fields: timestamp(ms) time-taken x-edge-location c-country cs-method cs-uri-stem sc-status x-edge-request-id viewer-request-log-data\n',
  );
  for (let line = 0; line < lines; line++) {
    const at = start + Math.floor((line * 86_400_000) / lines);
    const place = line % locations.length;
    const flip = flips[Math.max(0, Math.floor((at - start - 20_000 - place * 3_000) / 900_000))];
    const isOut = flip?.to.endsWith('=0') === true;
    const age = line % 100 === 0 ? `;age=${at - (flip?.at ?? at)}` : '';
    const decision = `${isOut ? 'europe' : 'singapore'};${flip?.to}${isOut ? ';0' : ''}${age}`;
    const fields = [at, '0.045', locations[place], countries[place], line % 3 === 0 ? 'POST' : 'GET', `/api/${line % 1_000}`];
    if (!file.write(`${[...fields, line % 500 === 0 ? 503 : 200, `id${line}`, encodeURI(decision)].join('\t')}\n`))
      await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
}

async function benchTimeline(): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-timeline-'));
  let before = 0;
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, memoryUsage().rss);
  }, 50);
  try {
    await writeLog(join(folder, 'access.log'));
    const files = await listLogFiles(folder);
    before = memoryUsage().rss;
    most = before;
    const startedAt = performance.now();
    const { decided, obeyed, contradictions } = await readTimeline({ files, flips });
    return [
      benchRow(`${decided.toLocaleString('en')} lines of a log`, (performance.now() - startedAt) / 1_000, 's', 20),
      benchRow('resident memory more while reading', (most - before) / 1e6, 'MB', 250),
      benchRow('flips obeyed, by location and flip', obeyed.length, ''),
      benchRow('not as the record says', contradictions, '', 0),
    ];
  } finally {
    clearInterval(watch);
    await rm(folder, { recursive: true, force: true });
  }
}

const rows = await benchTimeline();
stdout.write(`${formatBenchRows(rows).join('\n')}\n`);
exit(rows.some(({ ok }) => ok === false) ? 1 : 0);
