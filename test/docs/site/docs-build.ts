import { argv, stdout } from 'node:process';
import { parseArgs } from 'node:util';
import { buildSite } from './build-site.ts';

// npm run docs:build [-- --out folder]: ends with 1 when a link leads nowhere.
const { values } = parseArgs({ args: argv.slice(2), options: { out: { type: 'string', default: 'dist/site' } } });
const { pages, bytes, broken } = await buildSite(values.out);
stdout.write(`${values.out}: ${pages} pages, ${Math.round(bytes / 1024)} kB\n`);
for (const link of broken) stdout.write(`dead link: ${link}\n`);
process.exitCode = broken.length === 0 ? 0 : 1;
