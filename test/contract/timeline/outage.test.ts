import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AccessLog, openAccessLog } from '../../../local/edge/access-log.ts';
import { type EdgeRequestRecord, edgeLocations } from '../../../local/edge/exchange.ts';
import { drillConfig } from '../../../scripts/drill/drill-config.ts';
import { openPublishedCloud, type PublishedCloud } from '../../../scripts/open-published-cloud.ts';
import { openAws } from '../../../src/aws/clients.ts';
import { openKeyValueStore } from '../../../src/aws/key-value-store.ts';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { buildFlipPolicy } from '../../../src/config/services.ts';
import type { AuditEntry } from '../../../src/core/audit.ts';
import { flipKeys, planFlip } from '../../../src/core/flip.ts';
import { readFlipHistory } from '../../../src/failover/failover-status.ts';
import { runFlipper } from '../../../src/flipper/flipper.ts';
import { openSignals } from '../../../src/flipper/open-signals.ts';
import { listLogFiles } from '../../../src/log/read-log.ts';
import { readRequests } from '../../../src/log/read-requests.ts';
import { parsePropagation } from '../../../src/predict/propagation.ts';
import { parseLogData, readTimeline, reasonOf } from '../../../src/timeline/timeline.ts';
import { formatTimelinePage } from '../../../src/timeline/timeline-page.ts';
import edgeConfig from '../../fixtures/sample/edge.config.ts';

const config = drillConfig({ ...parseEdgeConfig(edgeConfig), accessLog: { agePercent: 100 } });
const records: EdgeRequestRecord[] = [];
const stop = new AbortController();
let folder: string;
let cloud: PublishedCloud;
let flips: AuditEntry[];

async function send(method: string, country: string, location: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const headers = {
      'x-local-viewer-country': country,
      'x-local-location': String(location),
      'x-local-viewer-ip': `198.51.100.${records.length % 250}`,
    };
    const sent = request(`${cloud.description.edge}/api/hello`, { method, headers }, (answer) => answer.resume().once('close', resolve));
    sent.once('error', () => resolve());
    sent.end();
  });
}

/** A few requests of each country, method and location, until what the test waits for is there. */
async function sendUntil(isDone: () => boolean | Promise<boolean>): Promise<void> {
  for (let rounds = 0; rounds < 500; rounds++) {
    for (const country of ['IN', 'US', 'DE', 'BR'])
      for (const [place, method] of ['GET', 'POST'].entries()) await send(method, country, (rounds + place) % locations);
    if (await isDone()) return;
  }
  throw new Error('what the test waits for did not happen');
}

/** True when each location has decided a request by the flip. A flip that came before would leave this one unseen. */
function isEverywhere(flip: AuditEntry | undefined): boolean {
  const decided = records.filter(({ viewerRequestLogData = '' }) => parseLogData(viewerRequestLogData)?.sequence === flip?.sequence);
  return flip !== undefined && new Set(decided.map(({ location }) => location)).size === locations;
}

const locations = 3;
const openLogs: AccessLog[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outage-'));
  cloud = await openPublishedCloud({
    config,
    port: 0,
    signal: stop.signal,
    propagation: { delayMs: 200, jitterMs: 300, seed: 1, locations },
    onRequest: (record, viewer) => {
      records.push(record);
      for (const log of openLogs) log.add(record, viewer, cloud.description.distributionId);
    },
    log: () => undefined,
  });
  const pops = edgeLocations(locations).map(({ pop }) => pop);
  openLogs.push(
    openAccessLog({ path: join(folder, 'w3c'), format: 'w3c', locations: pops, maxFileBytes: 20_000 }),
    openAccessLog({ path: join(folder, 'json.gz'), format: 'json', locations: pops }),
  );
  const client = await openAws({ env: {}, local: cloud.description }).keyValueStore();
  const store = openKeyValueStore(client, cloud.description.keyValueStoreArn);
  const origins = Object.keys(config.origins);
  const flipper = runFlipper({
    mode: 'watch',
    shadow: false,
    by: 'flipper@test',
    policy: buildFlipPolicy(config),
    signals: openSignals(config, cloud.distribution, cloud.description.origins),
    store,
    log: () => undefined,
    signal: stop.signal,
  });
  const lastFlip = async (kind: AuditEntry['kind']) => (await readFlipHistory(store)).flips.findLast((flip) => flip.kind === kind);
  const now = Date.now();
  await sendUntil(() => Date.now() > now + 1_500);
  await cloud.setFault('singapore', { kind: '5xx' });
  await sendUntil(async () => isEverywhere(await lastFlip('automatic')));
  await store.update(flipKeys, (snapshot) =>
    planFlip(
      snapshot,
      { kind: 'override', weights: { europe: 40, singapore: 60 }, until: Date.now() + 3_600_000 },
      { at: Date.now(), reason: 'test', by: 'test', origins, namesFlips: true },
    ),
  );
  await sendUntil(async () => isEverywhere(await lastFlip('override')));
  stop.abort();
  await flipper.catch(() => undefined);
  flips = (await readFlipHistory(store)).flips;
  for (const log of openLogs) log.close();
}, 60_000);

afterAll(async () => {
  await cloud.close();
  await rm(folder, { recursive: true });
});

const read = async (path: string) => {
  const requests = [];
  for (const { path: file } of await listLogFiles(path)) for await (const piece of readRequests(file)) requests.push(...piece.requests);
  return requests;
};

it.each(['w3c', 'json.gz'])('explains every request of an outage exactly as the edge decided it: %s', async (name) => {
  const logged = new Map((await read(join(folder, name))).map((each) => [each.requestId, each]));
  expect(records.length).toBeGreaterThan(100);
  expect(logged.size).toBe(records.length);
  const reasons = new Set<string>();
  for (const { id, decision = '', method, status, country, viewerRequestLogData } of records) {
    const line = logged.get(id);
    const found = parseLogData(line?.logData ?? '');
    expect(line).toMatchObject({ method, status, country, logData: viewerRequestLogData });
    expect(found?.origin).toBe(decision.split(';')[0]);
    const flip = flips.find(({ sequence }) => sequence === found?.sequence);
    // The record is that of the flip that it names.
    if (found?.sequence !== undefined) expect(found.record).toBe(flip?.to);
    const reason = found && reasonOf(found, flip);
    expect(reason === 'ok').toBe(decision.endsWith('health=ok'));
    reasons.add(String(reason));
  }
  expect([...reasons]).toEqual(expect.arrayContaining(['ok', 'automatic', 'override']));
});

it('measures the propagation of each flip, and predict takes the result as it is', async () => {
  const timeline = await readTimeline({ files: await listLogFiles(join(folder, 'w3c')), flips });
  expect(timeline).toMatchObject({ requests: records.length, decided: records.length, contradictions: 0, unknownFlips: 0, unreadable: 0 });
  expect(timeline.propagation?.locations).toBe(3);
  expect(timeline.propagation?.minMs).toBeGreaterThan(100);
  expect(timeline.routes.reduce((sum, { requests }) => sum + requests, 0)).toBe(records.length);
  expect(timeline.routes.some(({ isShare, reason }) => isShare && reason === 'override')).toBe(true);
  expect(timeline.lags.map(({ samples }) => samples).reduce((sum, each) => sum + each)).toBe(records.length);
  expect(parsePropagation(JSON.stringify(timeline), 'timeline.json')).toBeDefined();
  const world = { width: 10, height: 10, shapes: { SG: 'M0 0h1v1z' }, dots: {} };
  const page = formatTimelinePage(timeline, { origins: Object.keys(config.origins), world });
  expect(page).not.toMatch(/<script|https?:(?!\/\/www\.w3\.org)/);
  expect(page).toContain(`>${flips.length} `);
});

it('ends with one message when its place goes away, and refuses one that is not there', async () => {
  const problems: string[] = [];
  const place = join(folder, 'gone');
  const log = openAccessLog({ path: place, format: 'json', locations: [], onFailure: (problem) => problems.push(problem) });
  await rm(place, { recursive: true });
  const [record] = records;
  for (let round = 0; round < 2 && record !== undefined; round++) {
    log.add(record, undefined, 'E1');
    log.close();
  }
  expect(problems).toHaveLength(1);
  for (const nowhere of ['/dev/null/x', '/proc/no/such/folder'])
    expect(() => openAccessLog({ path: nowhere, format: 'w3c', locations: [] })).toThrow(/cannot write the access log/);
});

it('percent-encodes what would break a line, byte by byte, and takes a folder whose name has an ending', async () => {
  const place = join(folder, 'odd.logs');
  await mkdir(place);
  const log = openAccessLog({ path: place, format: 'w3c', locations: [] });
  const [record] = records;
  if (record === undefined) throw new Error('no record');
  // As Node gives the bytes of é.
  log.add({ ...record, path: '/a%20b/\u00c3\u00a9\t"\n', ip: 'x y' }, undefined, 'E1');
  log.close();
  const [name = ''] = await readdir(place);
  const text = await readFile(join(place, name), 'utf8');
  expect(text.split('\n')).toHaveLength(4);
  expect(text).toMatch(/\tx%20y\tGET\t-\t\/a%20b\/%C3%A9%09%22%0A\t/);
});

it('turns to another file when one is full, and writes each line once', async () => {
  const files = await readdir(join(folder, 'w3c'));
  expect(files.length).toBeGreaterThan(1);
});
