import edgeConfig from '../edge.config.ts';
import { openAws } from '../src/aws/clients.ts';
import { flag, text } from '../src/cli/option.ts';
import { run } from '../src/cli/run.ts';
import { distributionPath, readDistribution } from '../src/config/distribution-file.ts';
import { parseEdgeConfig } from '../src/config/edge-config.ts';
import { readLocalCloud } from '../src/config/local-cloud.ts';
import { allChecks } from '../src/doctor/all-checks.ts';
import { worstOf } from '../src/doctor/check.ts';
import { countOutcomes, formatDoctor } from '../src/doctor/format-doctor.ts';
import { openDoctorReaders } from '../src/doctor/open-doctor-readers.ts';
import { runDoctor } from '../src/doctor/run-doctor.ts';
import { EdgeError } from '../src/errors.ts';
import { nearestName } from '../src/text/nearest-name.ts';

const names = allChecks.map(({ id }) => id);

await run({
  usage: 'doctor -- [options]',
  summary: 'Looks for everything that breaks such a setup without a word, and says how to mend it. 1 when something fails. Writes nothing.',
  examples: ['doctor', 'doctor -- --local', 'doctor -- --only country,certificates', 'doctor -- --accept cached-content'],
  options: {
    only: text(`these checks and no others: ${names.join(', ')}`, { placeholder: 'checks' }),
    accept: text('these checks are told but do not count', { placeholder: 'checks' }),
    id: text('the distribution, EDGE_DISTRIBUTION_ID by default; else it is found by what distribution.json says', {
      placeholder: 'distribution',
    }),
    local: flag('the running local cloud in place of AWS'),
  },
  main: async ({ values }, io) => {
    const config = parseEdgeConfig(edgeConfig);
    const only = parseNames('only', values.only);
    const accepted = parseNames('accept', values.accept) ?? [];
    const checks = only === undefined ? allChecks : allChecks.filter(({ id }) => only.includes(id));
    const local = values.local ? await readLocalCloud(io.env) : undefined;
    const readers = openDoctorReaders({
      config,
      aws: openAws({ env: io.env, local }),
      file: () => readDistribution(distributionPath(io.env), local?.env ?? io.env),
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
    io.result({ outcome, accepted, counts: countOutcomes(diagnoses), checks: diagnoses }, formatDoctor(diagnoses, accepted, io.colour));
    return outcome === 'fail' ? 1 : 0;
  },
});

function parseNames(option: string, given: string | undefined): string[] | undefined {
  const found = given?.split(',').map((name) => name.trim());
  const unknown = found?.find((name) => !names.includes(name));
  if (unknown === undefined) return found;
  const near = nearestName(unknown, names);
  throw new EdgeError('USAGE', `--${option}: there is no check ${JSON.stringify(unknown)}`, {
    hint: near === undefined ? `checks: ${names.join(', ')}` : `did you mean ${near}?`,
  });
}
