import { argv, exit, stdout } from 'node:process';
import { core } from '../test/model/core.ts';
import { explore } from '../test/model/explore.ts';
import { huntMutant } from '../test/model/hunt.ts';
import { mutants } from '../test/model/mutants.ts';
import { benchPlans, deepPlans, plans } from '../test/model/plans.ts';
import { formatStory } from '../test/model/story.ts';

// npm run bench -- model [explore | mutants]: every history of the flipper within bounds that take minutes, then every
// mutant. docs/model.md explains the figures.

const [, , part] = argv;
let failures = 0;

if (part !== 'mutants') {
  const sum = { states: 0, transitions: 0, seconds: 0, depth: 0 };
  for (const plan of [...plans, ...benchPlans, ...deepPlans]) {
    const { found, states, transitions, depth, endings, seconds } = await explore(core, plan.setup, plan.bounds);
    line([plan.name, `${states} states`, `${transitions} steps`, `depth ${depth}`, `${endings} endings`, `${seconds.toFixed(1)} s`]);
    sum.states += states;
    sum.transitions += transitions;
    sum.seconds += seconds;
    sum.depth = Math.max(sum.depth, depth);
    if (found === undefined) continue;
    failures += 1;
    stdout.write(`\n${(await formatStory(core, found)).join('\n')}\n\n`);
  }
  line(['all', `${sum.states} states`, `${sum.transitions} steps`, `depth ${sum.depth}`, '', `${sum.seconds.toFixed(1)} s`]);
}

if (part !== 'explore') {
  let killed = 0;
  for (const mutant of mutants) {
    const { found, plan, seconds } = await huntMutant(mutant);
    if (found !== undefined) killed += 1;
    else failures += 1;
    const laws = [...new Set(found?.breaches.map(({ law }) => law))].join(', ');
    line([
      `mutant ${mutant.name}`,
      found === undefined ? 'SURVIVES' : `killed: ${laws}`,
      plan ?? '',
      `${found?.steps.length ?? 0} steps`,
      `${seconds.toFixed(1)} s`,
    ]);
  }
  stdout.write(`${killed} of ${mutants.length} mutants killed\n`);
}
exit(failures === 0 ? 0 : 1);

function line(cells: readonly string[]): void {
  stdout.write(
    `${cells
      .map((cell, index) => (index === 0 ? cell.padEnd(48) : cell.padEnd(14)))
      .join('  ')
      .trimEnd()}\n`,
  );
}
