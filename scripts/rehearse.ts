import { setTimeout as sleepFor } from 'node:timers/promises';
import { metricsRegion } from '../src/aws/alarms.ts';
import { liveReader, openAws } from '../src/aws/clients.ts';
import { readCallerIdentity } from '../src/aws/credentials.ts';
import { openFlagStore } from '../src/aws/open-flag-store.ts';
import { openAlarmSignal } from '../src/aws/signals.ts';
import { askToWrite, nameOperator, showTarget } from '../src/cli/ask-to-write.ts';
import { defineCommand } from '../src/cli/command.ts';
import { duration, flag, percent, text, url } from '../src/cli/option.ts';
import { refuseViewerCountry } from '../src/config/countries.ts';
import { loadDistribution } from '../src/config/load-distribution.ts';
import { openProject } from '../src/config/open-project.ts';
import { refuseUnknownOrigin } from '../src/config/origin-names.ts';
import { routingOf } from '../src/config/services.ts';
import { listAudiences } from '../src/core/viewer-shares.ts';
import { EdgeError } from '../src/errors.ts';
import { openChannels } from '../src/flipper/notify/open-channels.ts';
import { openSignals } from '../src/flipper/open-signals.ts';
import { healthPath, openEdgeView, whyNotAsked } from '../src/probe/edge-view.ts';
import { proveOrigin } from '../src/probe/probe-origin.ts';
import {
  describeRehearsal,
  describeRehearsalPlan,
  formatRehearsal,
  formatRehearsalNote,
  formatRehearsalProgress,
  formatStep,
} from '../src/rehearse/format-rehearsal.ts';
import { defaultSteps, formatRehearsalPlan, parseSteps } from '../src/rehearse/plan-rehearsal.ts';
import { rehearse } from '../src/rehearse/rehearse.ts';
import { nearestName } from '../src/text/nearest-name.ts';
import { typed } from '../src/text/typed.ts';

/**
 * Between two rounds of checks, or more often where a step is short: each has 20 rounds where `leastEveryMs` allows
 * them.
 */
const everyMs = 1_000;

/** Production gets no more than four rounds a second, also while a short step waits minutes for the edge. */
const leastEveryMs = 250;

/** Half an hour at 100 % is a drill of its own. */
const maxHoldMs = 3_600_000;

export default defineCommand({
  usage: 'rehearse -- <origin> [options]',
  summary:
    'Moves the real viewers of an origin away in small steps, by an override that expires. Moves them back at the end, at Ctrl-C, and when errors, latency or an alarm exceed their limits. Exits 0 when all steps passed, 1 when it was refused, declined or aborted, 2 for wrong options, 130 after Ctrl-C.',
  examples: [
    'rehearse -- singapore --dry-run --edge https://www.example.com',
    'rehearse -- singapore --reason "monthly rehearsal" --alarm edge-5xx',
    'rehearse -- singapore --steps 1,5 --hold 10m --reason "new database in Frankfurt"',
    'rehearse -- singapore --local --hold 5s --reason "a first try" --yes',
  ],
  positionals: [{ name: 'origin' }],
  options: {
    steps: text('percent of its viewers that leave, rising', { placeholder: 'n,n,…', fallback: defaultSteps.join(',') }),
    hold: duration('how long each step is watched, 1h at most', { fallback: 300_000, maxMs: maxHoldMs }),
    reason: text('the reason, which the audit keeps'),
    'max-error-percent': percent('percent of failed checks of a fallback that aborts the rehearsal', { fallback: 5 }),
    'max-latency': duration('limit for 95 of 100 answers of a fallback', { fallback: 2_000, maxMs: 60_000 }),
    alarm: text('a CloudWatch alarm that ends it, by name (in us-east-1, where the metrics of CloudFront are) or ARN', {
      placeholder: 'name',
    }),
    service: text('refuse to start when a step moves viewers of another service', { placeholder: 'name' }),
    country: text('refuse to start when a step moves viewers of other countries', { placeholder: 'US,IN' }),
    edge: url('the edge to ask; with --local it is the local edge'),
    'verify-for': duration('how long the edge may take for a write', { fallback: 120_000, maxMs: 600_000 }),
    by: text('author in the audit, $USER@host by default', { placeholder: 'name' }),
    'dry-run': flag('check and show the plan, change nothing'),
    yes: flag('start without asking'),
    local: flag('use the running local cloud instead of AWS'),
  },
  main: async ({ values, positionals }, io) => {
    const { config } = await openProject(io);
    const origins = Object.keys(config.origins);
    const origin = positionals[0] ?? '';
    refuseUnknownOrigin(origin, origins);
    const steps = parseSteps(values.steps);
    if (steps === undefined)
      throw new EdgeError('USAGE', `--steps takes up to 10 rising percentages from 1 to 100, found ${JSON.stringify(values.steps)}`, {
        hint: '--steps 1,5,25,100',
      });
    const { reason = '' } = values;
    if (reason === '' && !values['dry-run'])
      throw new EdgeError('USAGE', '--reason is missing: the audit keeps it', {
        hint: typed('rehearse -- singapore --reason "monthly rehearsal"'),
      });
    checkService(values.service, config.services?.map(({ name }) => name) ?? []);
    const countries = parseCountries(values.country);
    if (values.alarm !== undefined && values.local)
      throw new EdgeError('USAGE', '--alarm does not go with --local: the local cloud has no CloudWatch', { hint: 'leave --alarm out' });
    const alarmAt = values.alarm === undefined ? undefined : parseAlarm(values.alarm);

    // Viewers must come home although the terminal is gone, and after Ctrl-C.
    io.outlivesReaders = true;
    const { store, arn, local } = await openFlagStore({ env: io.env, isLocal: values.local, config, log: io.progress });
    const aws = openAws({ env: io.env, local });
    const distribution = await loadDistribution({ config, env: io.env, local, readLive: liveReader(aws.cloudFront) });
    const edgeUrl = values.edge ?? local?.edge;
    const edgeNotAsked = whyNotAsked(config);
    const edge =
      edgeUrl === undefined || edgeNotAsked !== undefined ? undefined : openEdgeView({ url: edgeUrl, isLocal: values.local, config });
    const audiences = listAudiences(config);
    const service = routingOf(config, healthPath(config).split('?', 1)[0] ?? '')?.service;
    const { channels, problems } = openChannels(values['dry-run'] ? [] : config.notifications, io.env, aws);
    for (const problem of problems) io.stderr(`note: ${problem}`);
    if (edge === undefined)
      io.stderr(`note: the edge is not asked: ${edgeNotAsked ?? '--edge https://<viewer domain> shows when each step is there'}`);
    const name = values.by ?? nameOperator(io.env);
    const identity = local === undefined ? await readCallerIdentity(aws.sts, 1_500) : undefined;
    const target = showTarget(io, { isLocal: values.local, resource: `store ${config.keyValueStoreName}`, arn }, false);

    let shown: Parameters<typeof formatRehearsalPlan>[0] | undefined;
    const result = await rehearse(
      {
        origin,
        steps,
        holdMs: values.hold,
        verifyMs: values['verify-for'],
        marginMs: values.local ? 5_000 : 60_000,
        bounds: { maxErrorPercent: values['max-error-percent'], maxLatencyMs: values['max-latency'] },
        service: values.service,
        countries,
      },
      {
        store,
        channels,
        origins,
        audiences,
        edgeAudiences: audiences.filter((audience) => audience.service === service),
        edge,
        signals: openSignals(config, distribution, local?.origins, local === undefined ? aws : undefined),
        alarm: alarmAt && openAlarmSignal({ type: 'alarm', alarmName: alarmAt.name, required: true }, () => aws.cloudWatch(alarmAt.region)),
        proveOrigin: (id) =>
          proveOrigin(id, { config, distribution: Promise.resolve(distribution), local: local?.origins, signal: io.signal }),
        namesFlips: config.accessLog !== undefined,
        by: identity === undefined ? name : `${name} (${identity})`,
        reason,
        everyMs: Math.min(everyMs, Math.max(values.local ? 20 : leastEveryMs, values.hold / 20)),
        settleMs: values.local ? 5_000 : 120_000,
        now: io.now,
        monotonic: () => performance.now(),
        sleep: async (ms, signal) => void (await sleepFor(ms, undefined, signal === undefined ? {} : { signal })),
        signal: io.signal,
      },
      {
        show: (plan) => {
          shown = plan;
          if (!values['dry-run']) for (const line of formatRehearsalPlan(plan)) io.stderr(line);
          else if (plan.objections.length > 0 && !io.json) for (const line of formatRehearsalPlan(plan)) io.stdout(line);
        },
        confirm: async () => !values['dry-run'] && (await askToWrite(io, values.yes, 'start this rehearsal', target)),
        note: (note) => io.stderr(`note: ${formatRehearsalNote(note)}`),
        progress: (progress) => io.progress(formatRehearsalProgress(progress)),
        stepDone: (step) => {
          for (const line of formatStep(step, io.now())) io.stderr(line);
        },
      },
    );
    if (values['dry-run'] && shown !== undefined) {
      io.result(describeRehearsalPlan(shown), formatRehearsalPlan(shown));
      return 0;
    }
    if (result === undefined) {
      io.stderr('nothing was written');
      return 1;
    }
    io.result(describeRehearsal(result), formatRehearsal(result));
    if (result.outcome === 'interrupted') return io.stopCode;
    return result.outcome === 'passed' ? 0 : 1;
  },
});

function checkService(service: string | undefined, services: readonly string[]): void {
  if (service === undefined || services.includes(service)) return;
  const near = nearestName(service, services);
  throw new EdgeError('USAGE', `edge.config.ts defines no service ${JSON.stringify(service)}`, {
    hint:
      services.length === 0
        ? 'without services all paths are one; leave --service out'
        : near
          ? `did you mean ${near}?`
          : `services: ${services.join(', ')}`,
  });
}

function parseCountries(text: string | undefined): string[] | undefined {
  const countries = text?.split(',').map((one) => one.trim().toUpperCase());
  const odd = countries?.find((one) => !/^[A-Z]{2}(-[A-Z\d]{1,3})?$/.test(one));
  const hint = '--country US,IN, or US-CA with a subdivision';
  if (odd !== undefined) throw new EdgeError('USAGE', `--country takes codes, found ${JSON.stringify(odd)}`, { hint });
  const [refused] = countries?.flatMap((one) => refuseViewerCountry(one) ?? []) ?? [];
  if (refused !== undefined) throw new EdgeError('USAGE', `--country: ${refused}`, { hint });
  return countries;
}

function parseAlarm(text: string): { name: string; region: string } {
  const [, region, name] = /^arn:aws[\w-]*:cloudwatch:([a-z\d-]+):\d{12}:alarm:(.+)$/.exec(text) ?? [];
  if (region !== undefined && name !== undefined) return { name, region };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a name with one would be sent to AWS.
  if (text.startsWith('arn:') || text.length > 255 || /[\u0000-\u001f\u007f]/.test(text))
    throw new EdgeError('USAGE', `--alarm takes the name or the ARN of a CloudWatch alarm, found ${JSON.stringify(text)}`);
  return { name: text, region: metricsRegion };
}
