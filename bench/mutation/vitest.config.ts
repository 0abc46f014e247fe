import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

// The tests that cover core, records and edge function and need neither a build nor a process: mutated source is not
// what the gate takes.
export default defineConfig({
  root: file('.'),
  resolve: {
    alias: {
      'virtual:routes': file('test/edge/router/virtual-routes.ts'),
      'virtual:team': file('test/edge/compose/virtual-team.ts'),
      'virtual:before': file('test/edge/compose/virtual-before.ts'),
      'virtual:after': file('test/edge/compose/virtual-after.ts'),
      cloudfront: file('test/edge/router/virtual-cloudfront.ts'),
    },
  },
  test: {
    include: ['test/unit/{core,kvs}/**/*.test.ts', 'test/edge/router/{access-log,refused-helper}.test.ts', 'bench/mutation/*.test.ts'],
    setupFiles: [file('test/fixed-seed.ts'), file('bench/mutation/end-on-failure.ts')],
    testTimeout: 120_000,
    env: { EDGE_PROJECT: file('test/fixtures/sample'), AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
  },
});
