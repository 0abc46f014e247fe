import { openAws } from '../src/aws/clients.ts';
import { defineCommand } from '../src/cli/command.ts';
import type { Io } from '../src/cli/io.ts';
import { flag, text } from '../src/cli/option.ts';
import { distributionPath, readDistribution } from '../src/config/distribution-file.ts';
import { parseEveryProject } from '../src/config/environments.ts';
import { loadDistribution } from '../src/config/load-distribution.ts';
import { readLocalCloud } from '../src/config/local-cloud.ts';
import { openProject, readProjectFile } from '../src/config/open-project.ts';
import { worstOf } from '../src/doctor/check.ts';
import { allChecks, runDoctor } from '../src/doctor/doctor.ts';
import { countDiagnoses, formatDoctor } from '../src/doctor/format-doctor.ts';
import { openDoctorReaders } from '../src/doctor/readers.ts';
import { EdgeError } from '../src/errors.ts';
import { nearestName } from '../src/text/nearest-name.ts';

const names = allChecks.map(({ id }) => id);

export default defineCommand({
  usage: 'doctor -- [options]',
  summary: 'Finds problems that break such a setup silently, and says how to fix them. Exits 1 when a check fails. Writes nothing.',
  examples: ['doctor', 'doctor -- --local', 'doctor -- --only country,certificates', 'doctor -- --accept cached-content'],
  options: {
    only: text(`run only these checks: ${names.join(', ')}`, { placeholder: 'checks' }),
    accept: text('report these checks but ignore them in the exit code', { placeholder: 'checks' }),
    id: text('the distribution; without it EDGE_DISTRIBUTION_ID, else the one that distribution.json describes', {
      placeholder: 'distribution',
    }),
    local: flag('the running local cloud instead of AWS'),
  },
  main: async ({ values }, io) => {
    const { config, environment } = await openProject(io);
    if (environment !== undefined) await noteOthers(io);
    const only = parseNames('only', values.only);
    const accepted = parseNames('accept', values.accept) ?? [];
    const checks = only === undefined ? allChecks : allChecks.filter(({ id }) => only.includes(id));
    const local = values.local ? await readLocalCloud(io.env) : undefined;
    const readers = openDoctorReaders({
      config,
      aws: openAws({ env: io.env, local }),
      file: () => readDistribution(distributionPath(io.env), local?.env ?? io.env),
      reach: (live) => loadDistribution({ config, env: io.env, local, readLive: live }),
      distributionId: values.id ?? local?.distributionId ?? (io.env['EDGE_DISTRIBUTION_ID'] || undefined),
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
    const outcome = worstOf(diagnoses.filter(({ check }) => !accepted.includes(check)).map((each) => each.outcome));
    io.result({ outcome, accepted, counts: countDiagnoses(diagnoses), checks: diagnoses }, formatDoctor(diagnoses, accepted, io.colour));
    return outcome === 'fail' ? 1 : 0;
  },
});

/** A mistake in another environment stops no check of this one. */
async function noteOthers(io: Io): Promise<void> {
  try {
    parseEveryProject(await readProjectFile(io.env));
  } catch (error) {
    if (!(error instanceof EdgeError)) throw error;
    io.stderr(`note: ${error.message}`);
  }
}

function parseNames(option: string, given: string | undefined): string[] | undefined {
  const found = given?.split(',').map((name) => name.trim());
  const unknown = found?.find((name) => !names.includes(name));
  if (unknown === undefined) return found;
  const near = nearestName(unknown, names);
  throw new EdgeError('USAGE', `--${option}: unknown check ${JSON.stringify(unknown)}`, {
    hint: near === undefined ? `checks: ${names.join(', ')}` : `did you mean ${near}?`,
  });
}
