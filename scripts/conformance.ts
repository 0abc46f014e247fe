import { randomBytes } from 'node:crypto';
import { openKitAws, openServiceCaller } from '../src/aws/call-service.ts';
import { readCallerIdentity } from '../src/aws/credentials.ts';
import { askToWrite } from '../src/cli/ask-to-write.ts';
import { defineCommand } from '../src/cli/command.ts';
import { writeMadeFile } from '../src/cli/files.ts';
import type { Io } from '../src/cli/io.ts';
import { choice, flag, text } from '../src/cli/option.ts';
import type { ConformanceReport } from '../src/conformance/conformance.ts';
import { type ConformancePlan, planConformance, runConformance } from '../src/conformance/conformance.ts';
import {
  formatCaseList,
  formatConformance,
  formatConformancePage,
  formatConformancePlan,
  formatLeft,
  formatRemoved,
  formatRunEvent,
  formatUsd,
} from '../src/conformance/format-conformance.ts';
import { namePrefix, openJournal, readJournal } from '../src/conformance/journal.ts';
import { awsPace, type ConformanceTarget, openAwsTarget } from '../src/conformance/target.ts';
import { findLeftovers, removeAll } from '../src/conformance/tear-down.ts';
import { EdgeError } from '../src/errors.ts';
import { nearestName } from '../src/text/nearest-name.ts';
import { typed } from '../src/text/typed.ts';

export default defineCommand({
  usage: 'conformance -- [options]',
  summary:
    'Asks the local cloud, or a real AWS account, the same questions and compares the answers with what the local cloud emulates. On AWS it creates a throw-away distribution, stores and functions, and deletes them at the end. Exits 0 when all answers are the same, 1 when one differs or a resource is left behind, 2 for wrong options, 130 after Ctrl-C.',
  examples: [
    'conformance',
    'conformance -- --list',
    'conformance -- --target aws --i-own-this 111122223333 --region eu-central-1 --dry-run',
    'conformance -- --target aws --i-own-this 111122223333 --region eu-central-1 --out docs/conformance/2026-12-01',
    'conformance -- --target aws --i-own-this 111122223333 --region eu-central-1 --clean-up',
  ],
  options: {
    target: choice('what to ask, local by default', ['local', 'aws'], { fallback: 'local' as const }),
    'i-own-this': text('the account to use; the credentials must belong to it', { placeholder: 'account' }),
    region: text('where the two Lambda functions are created', { placeholder: 'region' }),
    role: text('an existing role for them, instead of a new one without rights', { placeholder: 'arn' }),
    only: text('cases whose ids begin with one of these, separated by commas', { placeholder: 'ids' }),
    list: flag('list the cases and stop'),
    'dry-run': flag('print plan and price and stop; with --clean-up what it would delete'),
    out: text('write the report to <path>.json and <path>.md', { placeholder: 'path' }),
    'clean-up': flag('delete what earlier runs left behind'),
    journal: text('what a run creates is written here first; edge-conformance.jsonl by default', {
      placeholder: 'file',
      fallback: 'edge-conformance.jsonl',
    }),
    yes: flag('do not ask'),
  },
  main: async ({ values }, io) => {
    const only = parseOnly(values.only);
    const plan = planConformance({ pace: awsPace }, only);
    if (values.list) {
      io.result(plan.cases, formatCaseList(plan.cases));
      return 0;
    }
    if (values.target === 'local') {
      refuseAwsOptions(values);
      return values['clean-up'] ? nothingLocal(values.journal, io) : askLocal(only, values, io);
    }
    const { accountId, region } = readOwner(values);
    checkRole(values.role, accountId);
    if (values['dry-run'] && !values['clean-up']) {
      io.result({ ...plan, cases: plan.cases.map(({ id }) => id), accountId, region }, formatConformancePlan(plan, values.role));
      return 0;
    }
    const target = await openOwnAccount(accountId, region, io);
    return values['clean-up'] ? cleanUp(target, values, io) : askAws(target, plan, values, io);
  },
});

interface Chosen {
  'i-own-this': string | undefined;
  region: string | undefined;
  role: string | undefined;
  out: string | undefined;
  journal: string;
  yes: boolean;
  'dry-run': boolean;
}

async function nothingLocal(journal: string, io: Io): Promise<number> {
  const [one] = await readJournal(journal);
  if (one !== undefined)
    throw new EdgeError(
      'USAGE',
      `${journal} names ${one.run} in AWS account ${one.accountId}, region ${one.region}: it may have left something there`,
      {
        hint: typedCleanUp(one),
      },
    );
  io.result({ left: [] }, ['the local target keeps everything in memory and leaves nothing behind']);
  return 0;
}

async function askLocal(only: readonly string[], { out, 'dry-run': isDryRun }: Chosen, io: Io): Promise<number> {
  const { openLocalTarget } = await import('./conformance/open-local-target.ts');
  const local = await openLocalTarget({ path: io.env['PATH'] });
  try {
    const plan = planConformance(local.target, only);
    const { leavesOut = [] } = local.target;
    if (leavesOut.length > 0) io.stderr(`note: left out ${leavesOut.join(', ')}: njs is not installed, and workerd answers differently`);
    if (isDryRun) {
      io.result({ ...plan, usd: 0, cases: plan.cases.map(({ id }) => id) }, [
        `${plan.cases.length} cases on a local cloud of its own; free`,
      ]);
      return 0;
    }
    // Nothing of it outlives the process: no journal.
    const journal = { creating: async () => undefined, created: async () => undefined, remove: async () => undefined };
    const report = await runConformance({
      run: newRun(),
      target: local.target,
      plan,
      journal,
      signal: io.signal,
      report: (event) => io.progress(formatRunEvent(event)),
    });
    return await showReport({ ...report, usd: 0 }, out, io);
  } finally {
    await local.close();
  }
}

async function askAws(target: ConformanceTarget, plan: ConformancePlan, chosen: Chosen, io: Io): Promise<number> {
  const { accountId, region } = target;
  for (const line of formatConformancePlan(plan, chosen.role)) io.stderr(line);
  const where = `AWS account ${accountId}, region ${region}`;
  if (!(await askToWrite(io, chosen.yes, `Spend at most ${formatUsd(plan.usd)} on the cases?`, where)))
    throw new EdgeError('DECLINED', 'nothing was created');
  // What cannot be listed could not be removed. This also checks the account again, after a question that may have
  // waited.
  const { found, left } = await findLeftovers(target, 'all', { attempts: 2 });
  const [blind] = left;
  if (blind !== undefined) throw new EdgeError('NOT_READY', `nothing was created: ${blind.kind}: ${blind.reason}`, { hint: policyHint });
  if (found.length > 0) io.stderr(`note: another run has left ${found.length} things here, or is going on; later: ${typedCleanUp(target)}`);
  const run = newRun();
  const journal = await openJournal(chosen.journal, { run, accountId, region });
  io.stderr(`run  ${run}; Ctrl-C stops it and deletes what it made; a second one leaves it for --clean-up`);
  io.outlivesReaders = true;
  // Removal takes up to 15 minutes more, after which the 40 minutes of the plan are over.
  const signal = AbortSignal.any([io.signal, AbortSignal.timeout(askingMs)]);
  const report = await runConformance({
    run,
    target,
    plan,
    journal,
    roleArn: chosen.role,
    signal,
    report: (event) => io.stderr(formatRunEvent(event)),
  });
  if (report.left.length > 0) io.stderr(`something is left; delete it by ${typedCleanUp(target)}`);
  const code = await showReport(report, chosen.out, io);
  return io.signal.aborted ? io.stopCode : code;
}

async function cleanUp(target: ConformanceTarget, { journal, yes, 'dry-run': isDryRun }: Chosen, io: Io): Promise<number> {
  io.outlivesReaders = true;
  const { found, left: unlisted } = await findLeftovers(target, 'all');
  for (const { kind, name } of found) io.stderr(`found  ${kind} ${name}`);
  const where = `AWS account ${target.accountId}, region ${target.region}`;
  const runs = (await readJournal(journal)).filter(({ accountId }) => accountId === target.accountId);
  const elsewhere = runs.filter(({ region }) => region !== target.region);
  for (const { run, region, accountId } of elsewhere)
    io.stderr(`${journal} has ${run} with region ${region}: clean up there, too: ${typedCleanUp({ accountId, region })}`);
  if (isDryRun) {
    io.result({ found, left: unlisted }, [...formatLeft(unlisted), `nothing was deleted; found ${found.length} in ${where}`]);
    return unlisted.length > 0 ? 1 : 0;
  }
  if (found.length > 0 && !(await askToWrite(io, yes, `Delete these ${found.length}?`, where)))
    throw new EdgeError('DECLINED', 'nothing was deleted');
  // What was shown, and nothing that was made since.
  const left = [...unlisted, ...(await removeAll(target, found, (one) => io.stderr(formatRemoved(one))))];
  if (left.length === 0)
    for (const { run, region, accountId } of runs)
      if (region === target.region) await (await openJournal(journal, { run, accountId, region })).remove();
  io.result({ found, left }, left.length > 0 ? formatLeft(left) : [`nothing of ${namePrefix}* is left in ${where}`]);
  return left.length > 0 || elsewhere.length > 0 ? 1 : 0;
}

async function showReport(report: ConformanceReport, out: string | undefined, io: Io): Promise<number> {
  // First, since a file that cannot be written must not cost the answers of half an hour.
  io.result(report, formatConformance(report));
  if (out !== undefined) {
    const base = out.replace(/\.(json|md)$/, '');
    const { left: _left, ...kept } = report;
    await writeMadeFile(`${base}.json`, `${JSON.stringify(kept, null, 2)}\n`);
    await writeMadeFile(`${base}.md`, formatConformancePage(report));
    io.stderr(`written: ${base}.json and ${base}.md`);
  }
  return report.summary.same === report.rows.length && report.left.length === 0 ? 0 : 1;
}

const askingMs = 25 * 60_000;

const policyHint = 'docs/iam/conformance.json is the policy that a run needs';

function typedCleanUp({ accountId, region }: Pick<ConformanceTarget, 'accountId' | 'region'>): string {
  return typed(`conformance -- --target aws --i-own-this ${accountId} --region ${region} --clean-up`);
}

function refuseAwsOptions(values: Chosen): void {
  const given = (['i-own-this', 'region', 'role'] as const).find((name) => values[name] !== undefined);
  if (given !== undefined)
    throw new EdgeError('USAGE', `--${given} goes with --target aws only`, { hint: `add --target aws, or leave --${given} out` });
}

function checkRole(role: string | undefined, accountId: string): void {
  if (role === undefined) return;
  const [, account] = /^arn:aws[\w-]*:iam::(\d{12}):role\/[\w+=,.@/-]+$/.exec(role) ?? [];
  if (account === accountId) return;
  const problem =
    account === undefined ? `takes the ARN of a role, found ${JSON.stringify(role)}` : `is of account ${account}, not of ${accountId}`;
  throw new EdgeError('USAGE', `--role ${problem}`, { hint: `--role arn:aws:iam::${accountId}:role/name` });
}

/** Empty without the option. USAGE for a part that is the beginning of no id. */
function parseOnly(text: string | undefined): string[] {
  if (text === undefined) return [];
  const only = text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
  const ids = planConformance({ pace: awsPace }).cases.map(({ id }) => id);
  const unknown = only.length === 0 ? text : only.find((prefix) => !ids.some((id) => id.startsWith(prefix)));
  if (unknown !== undefined) throw unknownCase(unknown, ids);
  return only;
}

function newRun(): string {
  return `${namePrefix}${randomBytes(4).toString('hex')}`;
}

function readOwner({ 'i-own-this': accountId, region }: Chosen): { accountId: string; region: string } {
  if (accountId === undefined || !/^\d{12}$/.test(accountId))
    throw new EdgeError('USAGE', '--target aws creates and deletes things: --i-own-this must be the 12 digits of your account', {
      hint: 'aws sts get-caller-identity shows the account of your credentials',
    });
  if (region === undefined || !/^[a-z]{2}(-[a-z]+)+-\d$/.test(region))
    throw new EdgeError('USAGE', '--target aws needs --region, where the two Lambda functions are created', {
      hint: '--region eu-central-1',
    });
  return { accountId, region };
}

async function openOwnAccount(accountId: string, region: string, io: Io): Promise<ConformanceTarget> {
  // CloudFront, IAM and the identity are global; only Lambda is of the region.
  const aws = openKitAws({ env: io.env, region: 'us-east-1' });
  const callerAccount = async () => (await readCallerIdentity(aws.sts, 5_000))?.split(':')[0];
  const found = await callerAccount();
  if (found === undefined)
    throw new EdgeError('CREDENTIALS', 'cannot read the account of the credentials: there are none, or STS does not answer', {
      hint: 'set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    });
  if (found !== accountId)
    throw new EdgeError('USAGE', `the credentials are of account ${found}, not of ${accountId}; nothing was created`, {
      hint: 'use the credentials of that account, such as with AWS_PROFILE',
    });
  // Optional packages: their absence is reported before anything is created.
  await Promise.all([aws.lambda(region), aws.iam()]);
  return openAwsTarget({ accountId, region, call: openServiceCaller(aws, region), callerAccount });
}

function unknownCase(given: string, ids: readonly string[]): EdgeError {
  const near = nearestName(given, ids);
  return new EdgeError('USAGE', `no case begins with ${JSON.stringify(given)}`, {
    hint: near === undefined ? typed('conformance -- --list') : `did you mean ${near}?`,
  });
}
