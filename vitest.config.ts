import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { ReportSkipped } from './test/report-skipped.ts';

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The files of a project share their modules: to load them anew for each file takes twice the time of the unit tests. */
const project = (name: string, testTimeout: number) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout,
    hookTimeout: testTimeout,
    isolate: false,
    execArgv: ['--disable-warning=NodeDeprecationWarning'],
    setupFiles: [file('test/fixed-seed.ts')],
  },
});

/**
 * Tests of processes that live by real clocks: probes time out after a second, and a drill keeps its promises to the second. They run after all others and
 * one file at a time: with other tests beside them on two cores the machine would break a promise, not the code.
 */
const byClocks = ['console', 'flipper', 'flipper-package', 'local-cloud', 'readme'].map((name) => `test/e2e/${name}.test.ts`);
const e2e = project('e2e', 240_000).test;

// In place of the modules that only the edge has, so that the router's source runs unchanged.
const edgeModules = {
  'virtual:routes': file('test/edge/router/virtual-routes.ts'),
  'virtual:team': file('test/edge/compose/virtual-team.ts'),
  'virtual:before': file('test/edge/compose/virtual-before.ts'),
  'virtual:after': file('test/edge/compose/virtual-after.ts'),
  cloudfront: file('test/edge/router/virtual-cloudfront.ts'),
};

// Folders decide the kind of test: unit touches no network, edge runs the built function on three runtimes,
// contract drives the local cloud with the real SDK, model explores what can happen to the flipper, e2e runs the commands as processes,
// and the harness and the CDK, which start some of their own.
export default defineConfig({
  test: {
    projects: [
      project('unit', 120_000),
      { ...project('edge', 120_000), resolve: { alias: edgeModules } },
      project('contract', 120_000),
      project('model', 240_000),
      { test: { ...e2e, exclude: byClocks } },
      { test: { ...e2e, name: 'clocks', include: byClocks, maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
    // Three on two cores: tests of processes wait half of their time.
    maxWorkers: 3,
    reporters: ['default', new ReportSkipped()],
    // The commands that tests start use this project: never the edge.config.ts and distribution.json that a team edits.
    // The AWS SDK and its CRT announce the end of Node 20 in every process that loads them.
    env: { EDGE_PROJECT: file('test/fixtures/sample'), AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
  },
});
