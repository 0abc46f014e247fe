// What would otherwise end in a stack trace before any command runs: a message and a hint. In JavaScript that an old Node can read.
import process, { argv } from 'node:process';

export function refuse(message, hint) {
  // As escapeForeign of src/text/terminal-text.ts does, which is not loaded yet: names of files are not ours.
  const shown = (text) =>
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a terminal must not get.
    text.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (found) => {
      return `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`;
    });
  if (argv.includes('--json')) console.log(shown(JSON.stringify({ error: { code: 'USAGE', message, hint } })));
  else console.error(shown(`error: ${message}\nhint: ${hint}`));
  process.exit(2);
}

export function refuseOldNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    refuse(`Node ${process.versions.node} is too old: 20.19 or newer is needed`, 'https://nodejs.org has it');
}

/** Ends the process when the error is a package that is not there, or that is another version than this code was written for. */
export function explainMissingPackage(error, fix) {
  const message = error instanceof Error ? error.message : '';
  const [, name] = (error && error.code === 'ERR_MODULE_NOT_FOUND' && /^Cannot find (?:package|module) '([^']+)'/.exec(message)) || [];
  if (name !== undefined)
    refuse(`the package ${name} is missing`, `run \`${fix}\` again: an earlier one did not end, or is older than this version`);
  const [, from] = (error instanceof SyntaxError && /The requested module '([^']+)' does not provide an export/.exec(message)) || [];
  if (from !== undefined) refuse(`the package ${from} is another version than this one needs`, `run \`${fix}\` again`);
}
