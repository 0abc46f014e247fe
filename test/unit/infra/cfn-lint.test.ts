import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findExecutable } from '../../../src/edge/njs/run-process.ts';

const cfnLint = findExecutable('cfn-lint', process.env['PATH']);
const files = readdirSync('infra').flatMap((name) => (name.endsWith('.yaml') ? [`infra/${name}`] : []));

// A second opinion on a developer's machine; check-template.test.ts runs everywhere, so a strict run does not need it
// either.
describe.skipIf(cfnLint === undefined)('[optional cfn-lint]', () => {
  it('finds nothing in the templates of infra/', () => {
    // W3002: a path that `aws cloudformation package` replaces, which is how infra/flipper.yaml is deployed.
    const found = () => execFileSync(cfnLint ?? '', ['--format', 'parseable', '--ignore-checks', 'W3002', '--', ...files]);
    expect(found).not.toThrow();
  }, 600_000);
});
