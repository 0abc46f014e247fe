import { openAws } from '../src/aws/clients.ts';
import { showTarget } from '../src/cli/ask-to-write.ts';
import { defineCommand } from '../src/cli/command.ts';
import type { Io } from '../src/cli/io.ts';
import { flag, text } from '../src/cli/option.ts';
import { distributionPath, readDistribution } from '../src/config/distribution-file.ts';
import type { EdgeConfig } from '../src/config/edge-config.ts';
import { parseEveryProject } from '../src/config/environments.ts';
import { loadDistribution } from '../src/config/load-distribution.ts';
import { readLocalCloud } from '../src/config/local-cloud.ts';
import { openProject, readProjectFile } from '../src/config/open-project.ts';
import { worstOf } from '../src/doctor/check.ts';
import { allChecks, type Diagnosis, runDoctor } from '../src/doctor/doctor.ts';
import { countDiagnoses, formatDoctor } from '../src/doctor/format-doctor.ts';
import { openDoctorReaders } from '../src/doctor/readers.ts';
import { readTerraformPlan } from '../src/doctor/terraform/read-plan.ts';
import { checkTerraformPlan, planChecks } from '../src/doctor/terraform/terraform.ts';
import { proveFunction } from '../src/edge/prove-function.ts';
import { EdgeError } from '../src/errors.ts';
import { nearestName } from '../src/text/nearest-name.ts';

const names = allChecks.map(({ id }) => id);
const planNames = planChecks.map(({ id }) => id);

export default defineCommand({
  usage: 'doctor -- [options]',
  summary:
    'Finds problems that break failover without a visible error, and says how to fix them. Exits 1 when a check fails. Writes nothing.',
  examples: [
    'doctor',
    'doctor -- --local',
    'doctor -- --only country,certificates',
    'doctor -- --accept cached-content',
    'doctor -- --plan tfplan.json',
  ],
  options: {
    only: text(`run only these checks: ${names.join(', ')}; with --plan: ${planNames.join(', ')}`, { placeholder: 'checks' }),
    plan: text('before an apply, what `terraform show -json` or `tofu show -json` prints for the plan; reads no account', {
      placeholder: 'file',
    }),
    accept: text('report these checks but ignore them in the exit code', { placeholder: 'checks' }),
    id: text('the distribution; without it EDGE_DISTRIBUTION_ID, else the one that distribution.json describes', {
      placeholder: 'distribution',
    }),
    local: flag('use the running local cloud instead of AWS'),
  },
  main: async ({ values }, io) => {
    const { config, environment } = await openProject(io);
    if (environment !== undefined) await noteOthers(io);
    if (values.plan !== undefined) return checkPlan({ ...values, plan: values.plan }, config, io);
    const only = parseNames('only', values.only, names);
    const accepted = parseNames('accept', values.accept, names) ?? [];
    const checks = only === undefined ? allChecks : allChecks.filter(({ id }) => only.includes(id));
    const local = values.local ? await readLocalCloud(io.env) : undefined;
    const distributionId = values.id ?? local?.distributionId ?? (io.env['EDGE_DISTRIBUTION_ID'] || undefined);
    const resource = distributionId === undefined ? `store ${config.keyValueStoreName}` : `distribution ${distributionId}`;
    showTarget(io, { isLocal: values.local, resource }, false);
    const readers = openDoctorReaders({
      config,
      aws: openAws({ env: io.env, local }),
      file: () => readDistribution(distributionPath(io.env), local?.env ?? io.env),
      reach: (live) => loadDistribution({ config, env: io.env, local, readLive: live }),
      distributionId,
      localOrigins: local?.origins,
      stsEndpoints: io.env['AWS_STS_REGIONAL_ENDPOINTS'],
      now: io.now,
      signal: io.signal,
    });
    const waiting = new Set(checks.map(({ id }) => id));
    io.progress(`${waiting.size} checks`);
    const diagnoses = await runDoctor(checks, readers, ({ id }) => {
      waiting.delete(id);
      if (waiting.size > 0) io.progress(`waiting for ${[...waiting].join(', ')}`);
    });
    io.signal.throwIfAborted();
    return report(diagnoses, accepted, io);
  },
});

/** Exit code 1 when a check fails that is not accepted. */
function report(diagnoses: readonly Diagnosis[], accepted: readonly string[], io: Io): number {
  const outcome = worstOf(diagnoses.filter(({ check }) => !accepted.includes(check)).map((each) => each.outcome));
  io.result({ outcome, accepted, counts: countDiagnoses(diagnoses), checks: diagnoses }, formatDoctor(diagnoses, accepted, io.colour));
  return outcome === 'fail' ? 1 : 0;
}

interface PlanValues {
  plan: string;
  only: string | undefined;
  accept: string | undefined;
  id: string | undefined;
  local: boolean;
}

async function checkPlan(values: PlanValues, config: EdgeConfig, io: Io): Promise<number> {
  if (values.local || values.id !== undefined)
    throw new EdgeError('USAGE', `--plan reads a file, and ${values.local ? '--local' : '--id'} has no meaning for it`, {
      hint: 'leave it out: edge.config.ts names the distributions',
    });
  const only = parseNames('only', values.only, planNames);
  const accepted = parseNames('accept', values.accept, planNames) ?? [];
  const checks = only === undefined ? planChecks : planChecks.filter(({ id }) => only.includes(id));
  const plan = await readTerraformPlan(values.plan);
  const build = () => proveFunction({ config, njs: undefined, signal: io.signal });
  return report(await checkTerraformPlan(checks, { plan, config, build }), accepted, io);
}

/** A mistake in another environment stops no check of this one. */
async function noteOthers(io: Io): Promise<void> {
  try {
    parseEveryProject(await readProjectFile(io.env));
  } catch (error) {
    if (!(error instanceof EdgeError)) throw error;
    io.stderr(`note: ${error.message}`);
  }
}

function parseNames(option: string, given: string | undefined, names: readonly string[]): string[] | undefined {
  const found = given?.split(',').map((name) => name.trim());
  const unknown = found?.find((name) => !names.includes(name));
  if (unknown === undefined) return found;
  const near = nearestName(unknown, names);
  throw new EdgeError('USAGE', `--${option}: unknown check ${JSON.stringify(unknown)}`, {
    hint: near === undefined ? `checks: ${names.join(', ')}` : `did you mean ${near}?`,
  });
}
