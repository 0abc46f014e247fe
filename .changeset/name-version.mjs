// Part of npm run release:version, after `changeset version` has raised the version: what is under "Unreleased" in CHANGELOG.md becomes that version's section.
// With --notes it prints the section of the version, for the release's page.
import { readFileSync, writeFileSync } from 'node:fs';
import { argv, exit, stderr, stdout } from 'node:process';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const text = readFileSync('CHANGELOG.md', 'utf8');

/** Place and text of the section whose heading begins so. */
function section(heading) {
  const start = text.search(new RegExp(`^## ${heading.replaceAll('.', '\\.')}(?: .*)?$`, 'm'));
  if (start < 0) return undefined;
  const from = text.indexOf('\n', start) + 1;
  const next = text.slice(from).search(/^## /m);
  const end = next < 0 ? text.length : from + next;
  return { start, end, body: text.slice(from, end).trim() };
}

const named = section(version);
if (argv[2] === '--notes') {
  if (named === undefined) refuse(`CHANGELOG.md has no section for ${version}`, 'npm run release:version writes it');
  stdout.write(`${named.body}\n`);
} else {
  const open = section('Unreleased');
  if (named !== undefined) refuse(`CHANGELOG.md already has a section for ${version}`, 'a changeset (npx changeset) raises the version');
  if (!open?.body)
    refuse('CHANGELOG.md has no entry under "Unreleased"', 'write what a user notices; a release without an entry helps no reader');
  const day = new Date().toISOString().slice(0, 10);
  const parts = [text.slice(0, open.start), '## Unreleased', `## ${version} (${day})`, open.body, text.slice(open.end)];
  const filled = parts.map((part) => part.trim()).filter((part) => part !== '');
  writeFileSync('CHANGELOG.md', `${filled.join('\n\n')}\n`);
  stdout.write(`CHANGELOG.md: ${version} (${day})\n`);
}

function refuse(message, hint) {
  stderr.write(`error: ${message}\nhint: ${hint}\n`);
  exit(1);
}
