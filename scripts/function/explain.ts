import { isIP } from 'node:net';
import type { Io } from '../../src/cli/io.ts';
import { refuseViewerCountry } from '../../src/config/countries.ts';
import type { EdgeConfig } from '../../src/config/edge-config.ts';
import { openProject } from '../../src/config/open-project.ts';
import { listAddresses, listCountries, routingOf, samplePaths } from '../../src/config/services.ts';
import { type AnyRuntime, someIp } from '../../src/edge/ask/ask.ts';
import { compareSurveys, listAllSituations, listViewers, surveyFunction } from '../../src/edge/ask/survey.ts';
import { EdgeError } from '../../src/errors.ts';
import { explainCountries, explainViewer } from '../../src/explain/explain.ts';
import { formatComparison, formatCountryGroups, formatExplanation } from '../../src/explain/format-explain.ts';
import { formatRecord } from '../../src/text/format-record.ts';
import { loadLiveCode, loadTreeCode } from './load-code.ts';
import { type LoadedRecord, loadRecord, noteUnknownOrigins, refuseUnknownOrigins, storedAs } from './load-record.ts';
import { openRuntime } from './open-runtime.ts';

/** The options of function:explain. */
export interface ExplainValues {
  country: string | undefined;
  method: string | undefined;
  ip: string | undefined;
  path: string | undefined;
  header: string | undefined;
  all: boolean;
  diff: boolean;
  live: boolean;
  record: string | undefined;
  local: boolean;
}

/** Explains one viewer, all countries, or the difference between LIVE and the working tree. */
export async function explain(values: ExplainValues, io: Io): Promise<void> {
  const viewer = parseViewer(values);
  const runtime = await openRuntime(io);
  try {
    if (values.diff) await explainDifference(values, runtime, io);
    else if (values.all) await explainAll(values, runtime, io);
    else await explainOne(viewer, values, runtime, io);
  } finally {
    await runtime.close();
  }
}

function parseViewer({ country, method = 'GET', ip = someIp, path, header, all, diff }: ExplainValues) {
  if (country !== undefined && (all || diff))
    throw new EdgeError('USAGE', '--country excludes --all and --diff', { hint: 'choose one viewer or all countries' });
  const odd = country === undefined ? undefined : refuseViewerCountry(country);
  if (odd !== undefined)
    throw new EdgeError('USAGE', `--country: ${odd}`, { hint: '--country IN, --country US-CA, or --all for all countries' });
  if (isIP(ip) === 0)
    throw new EdgeError('USAGE', `--ip takes an IPv4 or IPv6 address, found ${JSON.stringify(ip)}`, {
      hint: 'such as 198.51.100.9 or 2001:db8::7',
    });
  if (path?.startsWith('/') === false)
    throw new EdgeError('USAGE', `--path must start with "/", got ${JSON.stringify(path)}`, { hint: '--path /api/x' });
  if (path !== undefined && diff)
    throw new EdgeError('USAGE', '--path excludes --diff', { hint: '--diff compares one path of each service' });
  if (header !== undefined && (all || diff))
    throw new EdgeError('USAGE', '--header excludes --all and --diff', { hint: 'choose one viewer or all countries' });
  const headers = header === undefined ? {} : { headers: parseHeader(header) };
  return { country, method, ip, ...headers, ...(path !== undefined && { uri: path.split('?', 1)[0] ?? path }) };
}

function parseHeader(text: string): Record<string, string> {
  const [, name, value] = /^([\w!#$%&'*+.^`|~-]+):\s*(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined)
    // Without the text: it may hold a secret.
    throw new EdgeError('USAGE', '--header takes a name and a value, with a colon between them', {
      hint: '--header "authorization: Basic …"',
    });
  if (/^(cookie|cloudfront-viewer-country)$/i.test(name))
    throw new EdgeError('USAGE', `--header cannot set ${name}`, {
      hint: '--country sets the country; cookies are not among the headers of an event',
    });
  return { [name.toLowerCase()]: value };
}

async function explainDifference({ local }: ExplainValues, runtime: AnyRuntime, io: Io): Promise<void> {
  const { config } = await openProject(io);
  const { colour, columns } = io;
  const [before, after] = await Promise.all([loadLiveCode(config, { local, io }), loadTreeCode(config)]);
  const head = [`from  ${before.label}`, `to    ${after.label}`];
  const hashes = { live: before.sha256, tree: after.sha256 };
  if (before.sha256 === after.sha256) {
    io.result({ ...hashes, comparisons: [] }, [...head, 'the same code: nothing changes']);
    return;
  }
  const situations = listAllSituations(config);
  const survey = (source: typeof before) =>
    surveyFunction(
      { runtime, source, now: io.now(), origins: config.origins, keys: config.keys, keyPrefix: config.keyPrefix },
      situations,
      listViewers(config),
    );
  const [old, fresh] = await Promise.all([survey(before), survey(after)]);
  const comparisons = compareSurveys(old, fresh);
  io.result({ ...hashes, comparisons }, [...head, ...formatComparison(comparisons, { columns, colour })]);
}

/** The record of `--record`, else the live one; without an account the error says that --record needs none. */
async function findRecord({ record, local, live }: ExplainValues, config: EdgeConfig, io: Io): Promise<LoadedRecord> {
  try {
    return await loadRecord(record, config, { local, io });
  } catch (cause) {
    if (live || !(cause instanceof EdgeError) || (cause.code !== 'CREDENTIALS' && cause.code !== 'LOCAL_CLOUD_ABSENT')) throw cause;
    throw new EdgeError(cause.code, cause.message, { cause, hint: `${cause.hint ?? ''}; or explain a given record: --record ok` });
  }
}

async function explainAll(values: ExplainValues, runtime: AnyRuntime, io: Io): Promise<void> {
  const { config } = await openProject(io);
  // LIVE may know origins that edge.config.ts no longer has.
  if (values.live) noteUnknownOrigins(values.record, config, io);
  else refuseUnknownOrigins(values.record, config);
  const loading = findRecord(values, config, io);
  // Awaited below; until then a failure must not count as unhandled.
  loading.catch(() => undefined);
  const source = await loadCode(values, io);
  const origins = Object.keys(config.origins).length;
  const asked = { runtime, source, now: io.now(), origins: config.origins, keys: config.keys, keyPrefix: config.keyPrefix };
  const countries = (path?: string) =>
    explainCountries(
      asked,
      loading.then((loaded) => loaded.record),
      origins,
      { path, countries: listCountries(config), addresses: listAddresses(config, someIp) },
    );
  const isWhole = config.services === undefined && values.path === undefined;
  const paths = values.path === undefined ? samplePaths(config) : [{ path: values.path, service: routingOf(config, values.path)?.service }];
  const groups = await Promise.all(paths.map(async (each) => ({ ...each, audiences: await countries(each.path) })));
  const { record, from } = await loading;
  const head = [
    `code    ${source.label}`,
    `record  ${formatRecord(record, { now: io.now() })}  (${from})`,
    ...storedAs(record, '        ', io),
  ];
  const audiences = groups.flatMap((group) => group.audiences.map((each) => (isWhole ? each : { path: group.path, ...each })));
  const lines = groups.flatMap((group) => [
    ...(isWhole ? [] : [`path    ${group.path}${group.service === undefined ? '' : `  (service ${group.service})`}`]),
    ...formatCountryGroups(group.audiences, io),
  ]);
  io.result({ record: record ?? null, sha256: source.sha256, audiences }, [...head, ...lines]);
}

async function explainOne(viewer: ReturnType<typeof parseViewer>, values: ExplainValues, runtime: AnyRuntime, io: Io): Promise<void> {
  const { config } = await openProject(io);
  if (values.live) noteUnknownOrigins(values.record, config, io);
  else refuseUnknownOrigins(values.record, config);
  const [source, { record, from }] = await Promise.all([loadCode(values, io), findRecord(values, config, io)]);
  const now = io.now();
  const explanation = await explainViewer(
    { runtime, source, now, origins: config.origins, keys: config.keys, keyPrefix: config.keyPrefix },
    { viewer: config.services === undefined ? viewer : { uri: '/', ...viewer }, record, config: values.live ? undefined : config },
  );
  const lines = formatExplanation(explanation, { code: source.label, source: from, now, colour: io.colour, verbose: io.verbose });
  // A header may be a secret of the tester: the names say enough.
  const { headers, ...shown } = explanation.viewer;
  const names = headers === undefined ? {} : { headers: Object.keys(headers) };
  io.result({ sha256: source.sha256, ...explanation, viewer: { ...shown, ...names } }, lines);
}

async function loadCode({ live, local }: ExplainValues, io: Io) {
  const { config } = await openProject(io);
  return live ? loadLiveCode(config, { local, io }) : loadTreeCode(config);
}
