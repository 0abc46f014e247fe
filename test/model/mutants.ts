import { readFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { type Core, coreModules } from './core.ts';

/** A fault planted into the core by replacing one piece of one source file. */
export interface Mutant {
  name: string;
  /** What the mutant does wrong. */
  fault: string;
  file: string;
  find: string;
  replace: string;
}

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * The core with the fault in it. Throws when the source no longer has the piece, exactly once: a mutant that changes
 * nothing proves nothing.
 */
export async function openMutant({ name, file, find, replace }: Mutant): Promise<Core> {
  const source = await readFile(`${root}${file}`, 'utf8');
  const places = source.split(find).length - 1;
  if (places !== 1) throw new Error(`mutant "${name}": ${file} has its piece ${places} times, expected once:\n${find}`);
  const contents = source.replace(find, () => replace);
  const { outputFiles } = await build({
    stdin: {
      contents: Object.entries(coreModules)
        .map(([name, path]) => `export { ${name} } from './${path}';`)
        .join('\n'),
      resolveDir: root,
    },
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
    plugins: [
      {
        name: 'plant',
        setup: ({ onLoad, onResolve }) => {
          onLoad({ filter: /\.ts$/ }, ({ path }) => (path === `${root}${file}` ? { contents, loader: 'ts' } : undefined));
          // The same for every mutant, and large: it stays outside.
          onResolve({ filter: /^zod$/ }, () => ({ path: pathToFileURL(`${root}node_modules/zod/index.js`).href, external: true }));
        },
      },
    ],
  });
  const code = Buffer.from(outputFiles[0]?.contents ?? []).toString('base64');
  return (await import(/* @vite-ignore */ `data:text/javascript;base64,${code}`)) as Core;
}

export const mutants: readonly Mutant[] = [
  {
    name: 'hold-down-ignored',
    fault: 'fails back without waiting for the hold-down',
    file: 'src/core/decide.ts',
    find: 'weight === 0 && now < heldUntil',
    replace: 'false',
  },
  {
    name: 'ramp-step-ignored',
    fault: 'takes the steps of failback without a pause',
    file: 'src/core/decide.ts',
    find: 'weight > 0 && now < movedAt + policy.failover.rampStepMs',
    replace: 'false',
  },
  {
    name: 'unknown-comes-home',
    fault: 'gives viewers back to an origin about which nothing is known',
    file: 'src/core/decide.ts',
    find: "if (verdict !== 'healthy') return 'not-healthy';",
    replace: "if (verdict === 'unhealthy') return 'not-healthy';",
  },
  {
    name: 'unknown-taken-out',
    fault: 'takes out an origin about which nothing is known',
    file: 'src/core/decide.ts',
    find: "if (before.evidence[origin]?.verdict !== 'unhealthy') return before;",
    replace: "if (before.evidence[origin]?.verdict === 'healthy') return before;",
  },
  {
    name: 'ramp-not-aborted',
    fault: 'goes on failing back while probes fail',
    file: 'src/core/decide.ts',
    find: 'abortRamps(protect(viewOf(live, evidence, policy, now)))',
    replace: 'protect(viewOf(live, evidence, policy, now))',
  },
  {
    name: 'move-time-forgotten',
    fault: 'forgets when it raised a weight',
    file: 'src/core/decide.ts',
    find: 'if (move.to > 0) return { ...memory, movedAt: now };',
    replace: 'if (move.to > 0) return memory;',
  },
  {
    name: 'unproven-stays-in-front',
    fault: 'sends viewers of a dead origin to an unproven one before a proven one',
    file: 'src/core/decide.ts',
    find: "if (weightIn(view, id) > 0) moves.push(moveIn(view, id, 0, 'not proven'));",
    replace: '{}',
  },
  {
    name: 'never-out',
    fault: 'never takes an origin out',
    file: 'src/core/decide.ts',
    find: 'if (weightIn(view, origin) > 0) moves.push(moveIn(view, origin, 0,',
    replace: 'if (weightIn(view, origin) > 100) moves.push(moveIn(view, origin, 0,',
  },
  {
    name: 'home-in-one-step',
    fault: 'brings all viewers home at once',
    file: 'src/core/decide.ts',
    find: 'before.policy.failover.ramp.find((step) => step > weight) ?? 100',
    replace: '100',
  },
  {
    name: 'unknown-is-proven',
    fault: 'takes an unknown origin for a proven one',
    file: 'src/core/decide.ts',
    find: "const isProven = (id: string) => evidence[id]?.verdict === 'healthy';",
    replace: "const isProven = (id: string) => evidence[id]?.verdict !== 'unhealthy';",
  },
  {
    name: 'no-origin-raised',
    fault: 'never raises an origin that is out to rescue the viewers of another',
    file: 'src/core/decide.ts',
    find: ' ?? proven.find((id) => (pinned[id] ?? 100) === 100);',
    replace: ';',
  },
  {
    name: 'drain-blocks-rescue',
    fault: 'lets a drain of one origin keep viewers on another that is dead',
    file: 'src/core/decide.ts',
    find: 'whole === undefined ? proven.find((id) => (pinned[id] ?? 0) > 0) : undefined;',
    replace: 'undefined as string | undefined;',
  },
  {
    name: 'hold-down-without-end',
    fault: 'believes the end of a hold-down that a wrong clock wrote',
    file: 'src/core/normalize-record.ts',
    find: 'heldUntil: Math.min(heldUntil, now + holdDownFor(memory.flaps ?? 1, policy))',
    replace: 'heldUntil',
  },
  {
    name: 'move-in-the-future',
    fault: 'believes the time of a move that a wrong clock wrote',
    file: 'src/core/normalize-record.ts',
    find: 'movedAt: Math.min(movedAt, now)',
    replace: 'movedAt',
  },
  {
    name: 'no-hold-down',
    fault: 'has no hold-down',
    file: 'src/core/decide.ts',
    find: 'return Math.min(maxHoldDownMs,',
    replace: 'return 0 * Math.min(maxHoldDownMs,',
  },
  {
    name: 'override-dropped',
    fault: 'drops the override with each automatic flip',
    file: 'src/core/flip.ts',
    find: 'formatHealthRecord([...overrides, ...automatic]));',
    replace: 'formatHealthRecord([...overrides.slice(overrides.length), ...automatic]));',
  },
  {
    name: 'override-below',
    fault: 'writes the automatic weights before the override',
    file: 'src/core/flip.ts',
    find: 'formatHealthRecord([...overrides, ...automatic]));',
    replace: 'formatHealthRecord([...automatic, ...overrides]));',
  },
  {
    name: 'sequence-stays',
    fault: 'uses the same number for each flip',
    file: 'src/core/flip.ts',
    find: 'const sequence = live.state.sequence + 1;',
    replace: 'const sequence = live.state.sequence || 1;',
  },
  {
    name: 'audit-of-the-old',
    fault: 'notes the old record as the new one',
    file: 'src/core/flip.ts',
    find: '    to: record,\n',
    replace: '    to: live.text,\n',
  },
  {
    name: 'one-bad-is-enough',
    fault: 'takes one bad probe for an outage',
    file: 'src/core/streak.ts',
    find: 'bad >= unhealthyThreshold + chance',
    replace: 'bad >= 1',
  },
  {
    name: 'one-good-is-enough',
    fault: 'takes one good probe for proof',
    file: 'src/core/streak.ts',
    find: 'good >= (isMixed(recent, good) ? mostGood : healthyThreshold)',
    replace: 'good >= 1',
  },
  {
    name: 'rate-ignored',
    fault: 'does not see an origin that fails every second probe',
    file: 'src/core/streak.ts',
    find: 'if (count >= rate.minimum * patience && bad >= count * rate.share) return true;',
    replace: '',
  },
  {
    name: 'minority-decides',
    fault: 'lets one signal decide while the others are silent',
    file: 'src/core/origin-track.ts',
    find: 'if (speaking.length * 2 <= votes.length &&',
    replace: 'if (speaking.length === 0 &&',
  },
  {
    name: 'ties-are-outages',
    fault: 'takes a tie of the signals for an outage',
    file: 'src/core/origin-track.ts',
    find: "if (unhealthy === healthy) return 'unknown';",
    replace: "if (unhealthy === healthy) return 'unhealthy';",
  },
  {
    name: 'lost-write-believed',
    fault: 'believes a write that the store does not show',
    file: 'src/flipper/flag-keeper.ts',
    find: '    if (!isLost) return;\n    const unverified',
    replace: '    if (isLost || !isLost) return;\n    const unverified',
  },
  {
    name: 'flip-untold',
    fault: 'does not report a flip whose answer was lost',
    file: 'src/flipper/flag-memory.ts',
    find: 'for (const sent of unanswered.filter(hasLanded)) this.#reportWrite(sent, 1);',
    replace: '',
  },
  {
    name: 'store-never-asked',
    fault: 'never asks the store again',
    file: 'src/flipper/flag-keeper.ts',
    find: 'if (seenAt === undefined) return 0;',
    replace: 'return seenAt === undefined ? 0 : Number.POSITIVE_INFINITY;',
  },
  {
    name: 'late-read-believed',
    fault: 'believes a read that is older than its own write',
    file: 'src/flipper/flag-memory.ts',
    find: 'return { values: learnt, live, isBehind: isBehind || isLate, damage: isLate ? undefined : damage };',
    replace: 'return { values, live: learnRecord(values, known, policy.failover, now), isBehind: false, damage: undefined };',
  },
  {
    name: 'lost-override-forgotten',
    fault: 'does not go on from the record that was lost',
    file: 'src/core/recover-values.ts',
    find: 'isKnown ? (known.get(healthKey) ?? okRecord) : lastRecord(live, found)',
    replace: 'okRecord',
  },
  {
    name: 'sequence-begins-again',
    fault: 'begins its numbers again after damage',
    file: 'src/core/recover-values.ts',
    find: 'sequence: Math.max(live.state.sequence, before.sequence)',
    replace: 'sequence: live.state.sequence',
  },
  {
    name: 'clock-ahead-ends-overrides',
    fault: 'drops an override by its own clock',
    file: 'src/core/live-record.ts',
    find: 'else if (!isExpired(entry, now - endedGraceMs)) timed.push(entry);',
    replace: 'else if (!isExpired(entry, now)) timed.push(entry);',
  },
  {
    name: 'edit-unnoticed',
    fault: 'does not notice a record changed by hand',
    file: 'src/core/live-record.ts',
    find: 'const edited = state.sequence === 0 ? text !== okRecord : state.recordHash !== hashRecord(text);',
    replace: 'const edited = false;',
  },
  {
    name: 'override-ends-late',
    fault: 'keeps an override for the second in which it ends',
    file: 'kvs/health-record.ts',
    find: 'candidate.until > nowSeconds',
    replace: 'candidate.until >= nowSeconds',
  },
  {
    name: 'override-never-ends',
    fault: 'writes overrides without their end',
    file: 'kvs/health-record.ts',
    find: "entry.until === undefined ? ''",
    replace: "entry.until !== undefined ? ''",
  },
  {
    name: 'last-entry-wins',
    fault: 'lets the last entry of an origin win at the edge',
    file: 'functions/lib/keep-origins.ts',
    find: 'weights[entry[1]] || ',
    replace: '',
  },
  {
    name: 'no-one-left',
    fault: 'leaves viewers without an origin where none is in',
    file: 'functions/lib/keep-origins.ts',
    find: 'record || !kept[0] ? order : kept',
    replace: 'record ? order : kept',
  },
  {
    name: 'unread-record',
    fault: 'keeps what it could read of a damaged record',
    file: 'functions/lib/keep-origins.ts',
    find: 'record || !kept[0] ? order : kept',
    replace: '!kept[0] ? order : kept',
  },
];

const cheapest = new Set([
  'hold-down-ignored',
  'unknown-taken-out',
  'never-out',
  'home-in-one-step',
  'drain-blocks-rescue',
  'override-dropped',
  'sequence-stays',
  'one-bad-is-enough',
]);

/** Those that are found out within a second or two: the test suite hunts them, the bench hunts all. */
export const cheapMutants: readonly Mutant[] = mutants.filter(({ name }) => cheapest.has(name));
