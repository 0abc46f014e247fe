import type { SourceModule } from './read-modules.ts';

const ground = ['kvs', 'errors', 'text', 'package-files'];
const belowFeatures = [...ground, 'core', 'config', 'edge', 'aws', 'probe', 'log'];
const features = [
  'flipper',
  'failover',
  'remote',
  'rehearse',
  'publish',
  'explain',
  'distribution',
  'store',
  'doctor',
  'verify',
  'load',
  'cost',
  'drill',
  'conformance',
  'timeline',
  'emit',
  'predict',
];

/** What each room may import beside itself. The order is that of the layers. */
export const arrows: Readonly<Record<string, readonly string[]>> = {
  kvs: [],
  errors: [],
  text: ['errors', 'kvs'],
  'package-files': [],
  core: ['kvs'],
  config: [...ground, 'core'],
  edge: [...ground, 'config'],
  probe: [...ground, 'core', 'config'],
  aws: [...ground, 'core', 'config', 'probe'],
  log: ground,
  // The features. What follows belowFeatures is all that one of them imports of another.
  ...Object.fromEntries(features.map((feature) => [feature, belowFeatures])),
  publish: [...belowFeatures, 'explain', 'store'],
  doctor: [...belowFeatures, 'distribution'],
  remote: [...belowFeatures, 'failover'],
  rehearse: [...belowFeatures, 'failover'],
  conformance: [...belowFeatures, 'cost'],
  predict: [...belowFeatures, 'flipper'],
  cli: [...ground, 'config'],
  functions: ['kvs'],
  origin: [],
  client: [],
  local: [...ground, 'origin', 'edge', 'config'],
  // The doors. Only scripts/ imports one, where a command and a door are the same thing.
  api: [...belowFeatures, 'flipper', 'remote', 'explain', 'emit', 'local', 'client'],
  scripts: [...belowFeatures, ...features, 'cli', 'local', 'origin', 'client', 'api'],
};

/** Only these rooms may use the process: its arguments, environment, output and end. */
const useProcess = ['cli', 'scripts', 'api', 'local', 'origin'];

const checksWork = 'doctor reads what publish and the flipper left by their own code: a second parser could disagree with the first';

/** Imports against the layers that may stay, each with its reason. */
const allowed: Readonly<Record<string, string>> = {
  'src/core/stored-schema.ts → @noble/hashes/sha2.js': 'SHA-256 without node:crypto, pure',
  'src/core/stored-schema.ts → @noble/hashes/utils.js': 'SHA-256 without node:crypto, pure',
  'src/config/open-project.ts → node:process':
    'only `getuid` names the user where the system has no entry for that user, as in a container',
  'src/core/stored-schema.ts → zod': 'what the store holds is parsed where its types are, and zod is pure',
  'src/doctor/checks/edge.ts → src/publish/stage.ts': checksWork,
  'src/doctor/checks/edge.ts → src/publish/versions.ts': checksWork,
  'src/doctor/terraform/resource-checks.ts → src/publish/stage.ts': checksWork,
  'src/doctor/readers.ts → src/publish/stage.ts': checksWork,
  'src/doctor/readers.ts → src/publish/versions.ts': checksWork,
  'src/doctor/readers.ts → src/flipper/open-signals.ts': checksWork,
  'api/harness/full-cloud.ts → scripts/open-published-cloud.ts':
    'a local cloud and the features that set it up meet in the two outermost rooms only',
  'src/doctor/readers.ts → src/flipper/report-book.ts': checksWork,
};

/**
 * `file → file` of every import that goes against the layers, in files of the product. A room without arrows may import
 * nothing.
 */
export function findForbiddenImports(modules: readonly SourceModule[]): string[] {
  const found: string[] = [];
  for (const { path, imports, packages } of modules) {
    const room = roomOf(path);
    const may = arrows[room] ?? [];
    const isPure = room === 'core' || room === 'kvs';
    found.push(...packages.filter((name) => isPure || isProcess(name, room)).map((name) => `${path} → ${name}`));
    for (const file of imports) {
      const other = roomOf(file);
      if (other !== room && !may.includes(other)) found.push(`${path} → ${file}`);
    }
  }
  return found.filter((arrow) => !(arrow in allowed));
}

function isProcess(name: string, room: string): boolean {
  return /^(?:node:)?process$/.test(name) && !useProcess.includes(room);
}

/**
 * `src/probe/x.ts` is of `probe`, `src/errors.ts` of `errors`, `local/edge/x.ts` of `local`; a file beside package.json
 * is of none.
 */
function roomOf(path: string): string {
  const [top = '', next = ''] = path.split('/');
  return top === 'src' ? next.replace(/\.ts$/, '') : top;
}
