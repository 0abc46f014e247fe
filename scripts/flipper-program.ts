import { run } from '../src/cli/run.ts';
import { bundleProject } from '../src/config/open-project.ts';
import flipper from './flipper.ts';

/** The flipper as a program of its own, with the configuration in it: flipper:bundle makes one file of this. */
export async function runBundled(exported: unknown): Promise<void> {
  bundleProject(exported);
  await run(flipper);
}
