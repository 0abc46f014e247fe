// Whether verify saw this one origin answer as it should: node deploy/judge-origin.mjs verified.json ORIGIN
// Another origin's troubles are none of this deployment. One that was not reached is not verified, though verify itself only warns of it.
import { readFileSync } from 'node:fs';

const [file = '', origin = ''] = process.argv.slice(2);

const { rows = [], error } = JSON.parse(readFileSync(file, 'utf8'));
if (error !== undefined) fail(`verify could not run: ${error.message}`);
const row = rows.find(({ way, who }) => way === 'direct' && who === origin);
if (row === undefined) fail(`verify has not asked ${origin}`);
const notes = row.notes.join('; ');
if (row.outcome === 'fail') fail(`${origin} does not answer as it should: ${notes}`);
if (!row.went.includes(origin)) fail(`${origin} was not seen to answer: ${notes}`);
process.stdout.write(`${origin} answers as it should${notes === '' ? '' : `; ${notes}`}\n`);

function fail(problem) {
  process.stderr.write(`${problem}\n`);
  process.exit(1);
}
