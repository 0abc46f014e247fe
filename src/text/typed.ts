/** How the user starts a command: by npm in this repository, by the package's program in a team's project. */
export type Program = 'npm run' | 'npx edge-failover' | 'edge-failover';

/** Defined in what the build of the package made. */
declare const edgeDist: string;

let program: Program = typeof edgeDist !== 'undefined' ? 'npx edge-failover' : 'npm run';

let pages = typeof edgeDist !== 'undefined' ? 'node_modules/cloudfront-edge-failover/docs' : 'docs';

/** Called once, when the process starts. `docs`: the folder of the pages, from where the user is. */
export function setProgram(started: Program, docs: string): void {
  program = started;
  pages = docs;
}

/** The path of a page of docs/, where the user has it. */
export function pageOf(name: string): string {
  return `${pages}/${name}`;
}

/**
 * A command as the user must type it. `line` is its name, then `--` and its arguments if there are any:
 * `failover -- status` is `npm run failover -- status` in this repository and `npx edge-failover failover status` in a
 * team's project.
 */
export function typed(line: string): string {
  return program === 'npm run' ? `npm run ${line}` : `${program} ${line.replace(/^--silent /, '').replace(/ --(?= |$)/, '')}`;
}
