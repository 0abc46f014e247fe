#!/usr/bin/env node
// The program of the package, as dist/bin.js. `npm run` in the repository starts run.mjs instead.
import process, { argv } from 'node:process';
import { explainMissingPackage, refuseOldNode } from './bin-refusals.mjs';

refuseOldNode();
// As --no-warnings does, which a program cannot give to itself: the AWS SDK announces the end of Node 20 in each process.
process.removeAllListeners('warning');
// A link of a project's node_modules/.bin is found by npx only; one on PATH is of a global installation.
const program = /[\\/]node_modules[\\/]/.test(argv[1] ?? '') ? 'npx edge-failover' : 'edge-failover';
try {
  const { main } = await import('./main.js');
  await main(argv.slice(2), program);
} catch (error) {
  explainMissingPackage(error, 'npm install');
  throw error;
}
