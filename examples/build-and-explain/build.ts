import { writeFile } from 'node:fs/promises';
import { buildFunction } from 'cloudfront-edge-failover/build';
import config from './edge.config.ts';

const { code, bytes, warnings } = await buildFunction(config);
for (const warning of warnings) console.warn(warning);
await writeFile('origin-router.js', code);
console.log(`${bytes} of 10240 bytes`);
