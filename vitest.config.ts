import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { ReportSkipped } from './test/report-skipped.ts';

const project = (name: string, testTimeout: number) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout, hookTimeout: 30_000 },
});

/**
 * After all others and one file at a time. The processes of these tests live by real clocks: probes time out after a second, and a drill holds its promises to the
 * second. With other tests beside them on two cores it would be the machine that breaks a promise, not the code.
 */
const alone = ({ test }: ReturnType<typeof project>) => ({ test: { ...test, maxWorkers: 1, sequence: { groupOrder: 1 } } });

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// Stands for the modules that only the edge has, so that the router's source runs as it is written.
const edgeModules = {
  'virtual:routes': file('test/edge/router/virtual-routes.ts'),
  cloudfront: file('test/edge/router/virtual-cloudfront.ts'),
};

// Folders decide the kind of test: unit touches no network, edge runs the built function on three runtimes,
// contract drives the local cloud with the real SDK, model explores what can happen to the flipper, e2e runs the commands as processes.
export default defineConfig({
  test: {
    projects: [
      project('unit', 30_000),
      { ...project('edge', 60_000), resolve: { alias: edgeModules } },
      project('contract', 60_000),
      project('model', 240_000),
      alone(project('e2e', 240_000)),
    ],
    maxWorkers: 2,
    reporters: ['default', new ReportSkipped()],
    // The commands that tests start use this project: never the edge.config.ts and distribution.json that a team edits.
    env: { EDGE_PROJECT: file('test/fixtures/sample') },
  },
});
