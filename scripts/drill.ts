import { originFaults, parseOriginFault } from '../local/origin/origin-fault.ts';
import { defineCommand } from '../src/cli/command.ts';
import { flag, integer, text } from '../src/cli/option.ts';
import { EdgeError } from '../src/errors.ts';
import { propagationOption } from './start/propagation-option.ts';

const faults = originFaults.slice(1);
/** Without the partial faults: the matrix shows the cost of a whole outage. */
const matrixFaults = faults.filter((kind) => kind !== 'flaky' && kind !== 'half');
/** With AWS's propagation the outage lasts until the slowest edge location has the flip. */
const defaults = { rate: 50, outageSeconds: 12, slowOutageSeconds: 100 };

export default defineCommand({
  usage: 'drill -- [options]',
  summary:
    'Runs a whole outage in its own local cloud: traffic, fault, detection, flip, recovery, failback. Exits with 1 when a promise is broken. --matrix runs every fault with and without flag, origin group and clients that try again instead, in about nine minutes.',
  examples: ['drill', 'drill -- --fault 5xx', 'drill -- --fault flaky', 'drill -- --propagation aws', 'drill -- --matrix --report out/'],
  endsWithParent: true,
  options: {
    fault: text(`how the origin breaks: ${faults.join(', ')}; default refuse, with --matrix all but flaky and half`),
    origin: text('the origin that breaks; default the first of defaultOrder', { placeholder: 'id' }),
    rate: integer(`requests per second, default ${defaults.rate}`, { fallback: defaults.rate, min: 5, max: 500 }),
    propagation: propagationOption,
    report: text('also write report.html and report.json to this folder, with --matrix matrix.html and matrix.json', {
      placeholder: 'folder',
    }),
    matrix: flag('run every fault with neither flag nor origin group, with each of them, with both, and with clients that try again'),
    outage: integer(
      `length of each outage of --matrix in seconds; default ${defaults.outageSeconds}, with --propagation aws ${defaults.slowOutageSeconds}`,
      {
        min: 6,
        max: 300,
        placeholder: 's',
      },
    ),
  },
  main: async ({ values }, io) => {
    const fault = parseOriginFault(values.fault ?? 'refuse');
    if (fault === undefined || fault.kind === 'none') {
      throw new EdgeError('USAGE', `unknown fault "${values.fault}"`, {
        hint: `faults: ${faults.join(', ')}, also slow:<ms> and 5xx:<status>`,
      });
    }
    if (values.outage !== undefined && !values.matrix)
      throw new EdgeError('USAGE', '--outage needs --matrix', { hint: 'a single drill ends after its failback' });
    const isSlow = values.propagation.name === 'aws';
    io.stderr(
      values.matrix
        ? 'drill: many outages one after another, each in a new local cloud on this machine'
        : `drill: one outage in a local cloud on this machine, ${isSlow ? 'three to six minutes' : 'about half a minute'}`,
    );
    io.progress('loading');
    // Loaded after the first line: this needs esbuild and the AWS SDK, which takes time.
    const { playDrill, playMatrix } = await import('./drill/play-drill.ts');
    const drill = { ...values, given: values.fault, fault, isRateDefault: values.rate === defaults.rate };
    if (!values.matrix) return playDrill(drill, io);
    const outageSeconds = values.outage ?? (isSlow ? defaults.slowOutageSeconds : defaults.outageSeconds);
    return playMatrix({ ...drill, outageSeconds, faults: values.fault === undefined ? matrixFaults : [values.fault] }, io);
  },
});
