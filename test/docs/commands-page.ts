import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import pMap from 'p-map';

const run = promisify(execFile);

/** docs/commands.md with the help of every command as it is now. What a section has beside the help stays. */
export async function writeCommandsPage(page: string): Promise<string> {
  const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as { scripts: Record<string, string> };
  const sections = page.split('\n## ');
  const written = await pMap(
    sections,
    async (section) => {
      const [, script] = /scripts\/run\.mjs (\S+)/.exec(scripts[section.split('\n', 1)[0] ?? ''] ?? '') ?? [];
      if (script === undefined) return section;
      const { stdout } = await run(process.execPath, ['--no-warnings', 'scripts/run.mjs', script, '--help']);
      const help = stdout.trimEnd().replace(/^(?=.)/gm, '    ');
      return section.replace(/\n\n {4}(?:.*\n(?:\n(?= {4}))?(?= {4}|\n {4}))*.*/, () => `\n\n${help}`);
    },
    { concurrency: 2 },
  );
  return written.join('\n## ');
}
