// npm run docs: writes the pages that are made from the code, or those whose names are given.
import { readFile, writeFile } from 'node:fs/promises';
import { argv } from 'node:process';
import { writeApiPage } from './api-page.ts';
import { writeCommandsPage } from './commands-page.ts';
import { writeConfigPage } from './config-page.ts';
import { writeConfigSchema } from './config-schema.ts';
import { infraPages } from './infra-pages.ts';
import { writeLlms } from './llms.ts';
import { readReports, writeLocalPage } from './local-page.ts';

const pages: Readonly<Record<string, () => Promise<string> | string>> = {
  'docs/api.md': async () => writeApiPage(await readFile('docs/api.md', 'utf8')),
  'docs/config.md': async () => writeConfigPage(await readFile('docs/config.md', 'utf8')),
  'docs/edge-config.schema.json': writeConfigSchema,
  'docs/commands.md': async () => writeCommandsPage(await readFile('docs/commands.md', 'utf8')),
  'local/README.md': async () =>
    writeLocalPage(await readFile('local/README.md', 'utf8'), readReports(new URL('../../docs/conformance/', import.meta.url))),
  'llms.txt': async () => writeLlms(await readFile('README.md', 'utf8'), await readFile('docs/README.md', 'utf8')),
  ...infraPages,
};

const wanted = argv.slice(2);
for (const [path, write] of Object.entries(pages))
  if (wanted.length === 0 || wanted.includes(path)) {
    await writeFile(path, await write());
    console.log(`written: ${path}`);
  }
