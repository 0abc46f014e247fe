// Prints how the code is built: npm run structure [-- --list]. What the figures may be at most is in
// test/unit/structure.test.ts.
import { measureStructure } from './measure.ts';

const isListed = process.argv.includes('--list');
const { findings, files, lines, folders, walks } = await measureStructure();
for (const [name, found] of Object.entries(findings)) {
  console.log(`${String(found.length).padStart(5)}  ${name}`);
  if (isListed) for (const one of found) console.log(`         ${one}`);
}
console.log(`${String(files).padStart(5)}  files in src: ${lines} lines in ${folders} folders`);
for (const walk of walks) console.log(`${String(walk.files.length).padStart(5)}  files, ${walk.hops.length - 1} hops: ${walk.title}`);
for (const problem of walks.flatMap(({ problems }) => problems)) console.log(`         ${problem}`);
if (!isListed) console.log('npm run structure -- --list names each finding');
