/**
 * llms.txt: the documentation's index for a language model, from the head of README.md and the tables of
 * docs/README.md.
 */
export function writeLlms(readme: string, index: string): string {
  const [, title = ''] = /^# (.*)$/m.exec(readme) ?? [];
  const [, summary = ''] = /^# .*\n\n([\s\S]*?)\n\n/.exec(readme) ?? [];
  const sections = index.split(/^## /m).slice(1);
  const parts = sections.map((section) => {
    const heading = section.slice(0, section.indexOf('\n'));
    const rows = [...section.matchAll(/^\| \[([^\]]+)\]\(([^)]+)\) \| (.*) \|$/gm)];
    const decisions = [...section.matchAll(/^\[(\d{3} [^\]]+)\]\(([^)]+)\)/gm)];
    const lines = [
      ...rows.map(([, name = '', target = '', what = '']) => `- [${name}](${fromRoot(target)}): ${what}`),
      ...decisions.map(([, name = '', target = '']) => `- [decision ${name}](${fromRoot(target)})`),
    ];
    return lines.length === 0 ? '' : `## ${heading}\n\n${lines.join('\n')}\n`;
  });
  const start = '- [README](README.md): what it is for, and how to try it\n- [CHANGELOG](CHANGELOG.md): what each version changed\n';
  return [`# ${title}\n`, `> ${summary.replaceAll('\n', ' ')}\n`, start, ...parts.filter((part) => part !== '')].join('\n');
}

/** Links of docs/README.md are from its folder, those of llms.txt from the root. */
function fromRoot(target: string): string {
  return target.startsWith('../') ? target.slice(3) : `docs/${target}`;
}
