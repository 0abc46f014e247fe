import { commands } from '../../scripts/commands.ts';
import { formatWholeHelp } from '../../src/cli/run.ts';

/** docs/commands.md with the help of every command as it is now. What a section has beside the help stays. */
export async function writeCommandsPage(page: string): Promise<string> {
  const written: string[] = [];
  for (const section of page.split('\n## ')) {
    const entry = commands[section.split('\n', 1)[0] ?? ''];
    if (entry === undefined) {
      written.push(section);
      continue;
    }
    const help = formatWholeHelp((await entry.load()).default).replace(/^(?=.)/gm, '    ');
    written.push(section.replace(/\n\n {4}(?:.*\n(?:\n(?= {4}))?(?= {4}|\n {4}))*.*/, () => `\n\n${help}`));
  }
  return written.join('\n## ');
}
