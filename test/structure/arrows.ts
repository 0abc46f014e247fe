import type { SourceModule } from './read-modules.ts';

const ground = ['kvs', 'errors', 'text', 'package-files'];
const middle = ['config', 'edge', 'aws', 'probe', 'log'];
const belowFeatures = [...ground, 'core', ...middle];

/** What each room may import beside itself. The order is that of the layers. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  kvs: [],
  errors: [],
  text: ['errors', 'kvs'],
  'package-files': [],
  core: ground,
  config: belowFeatures,
  edge: belowFeatures,
  aws: belowFeatures,
  probe: belowFeatures,
  log: ground,
  flipper: belowFeatures,
  failover: belowFeatures,
  remote: [...belowFeatures, 'failover'],
  rehearse: [...belowFeatures, 'failover'],
  publish: [...belowFeatures, 'explain', 'store'],
  explain: belowFeatures,
  distribution: belowFeatures,
  store: belowFeatures,
  doctor: [...belowFeatures, 'distribution'],
  verify: [...belowFeatures, 'explain'],
  load: belowFeatures,
  cost: belowFeatures,
  drill: belowFeatures,
  conformance: [...belowFeatures, 'cost'],
  timeline: belowFeatures,
  emit: belowFeatures,
  predict: [...belowFeatures, 'flipper', 'log'],
  cli: [...ground, 'config'],
  functions: ['kvs'],
  origin: [],
  client: [],
  local: ['package-files', 'kvs', 'origin', 'text', 'errors', 'edge', 'config'],
  // The doors. Only scripts/ imports one, where a command and a door are the same thing.
  api: [...belowFeatures, 'flipper', 'remote', 'explain', 'emit', 'local', 'client'],
};

const checksWork = 'doctor reads what publish and the flipper left by their own code: a second parser could disagree with the first';

/** Imports against the layers that may stay, each with its reason. */
const allowed: Readonly<Record<string, string>> = {
  'src/core/hash-record.ts → @noble/hashes/sha2.js': 'SHA-256 without node:crypto, pure',
  'src/core/hash-record.ts → @noble/hashes/utils.js': 'SHA-256 without node:crypto, pure',
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

/** `file → file` of every import that goes against the layers, in files of src, kvs, functions, origin and local. */
export function findForbiddenImports(modules: readonly SourceModule[]): string[] {
  const found: string[] = [];
  for (const { path, imports, packages } of modules) {
    const room = roomOf(path);
    const may = arrows[room];
    if (may === undefined) continue;
    if (room === 'core' || room === 'kvs') found.push(...packages.map((name) => `${path} → ${name}`));
    for (const file of imports) {
      const other = roomOf(file);
      if (other !== room && !may.includes(other)) found.push(`${path} → ${file}`);
    }
  }
  return found.filter((arrow) => !(arrow in allowed));
}

/** `src/probe/x.ts` is of `probe`, `src/errors.ts` of `errors`, `local/edge/x.ts` of `local`. */
function roomOf(path: string): string {
  const [top = '', next = ''] = path.split('/');
  return top === 'src' ? next.replace(/\.ts$/, '') : top;
}
