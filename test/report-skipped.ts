import type { Reporter, TestModule } from 'vitest/node';
import { type Program, pathOf, programs } from './programs.ts';

/**
 * Says before the run which programs are missing, and counts behind it what was skipped for that. A skip is an error
 * when EDGE_TEST_STRICT is 1, except a suite with `[optional …]` in its name.
 */
export class ReportSkipped implements Reporter {
  onInit(): void {
    for (const [name, install] of Object.entries(programs))
      if (pathOf(name as Program) === undefined)
        console.error(`${name} is missing: the tests that need it are skipped. On Debian: ${install}`);
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = new Map<string, number>();
    let optional = 0;
    for (const module of modules)
      for (const test of module.children.allTests('skipped')) {
        if (test.fullName.includes('[optional ')) {
          optional++;
          continue;
        }
        const [, needed = 'no program: marked in its file'] = /\[needs ([^\]]+)\]/.exec(test.fullName) ?? [];
        skipped.set(needed, (skipped.get(needed) ?? 0) + 1);
      }
    for (const [needed, count] of skipped) console.error(`skipped: ${count} tests that need ${needed}`);
    if (optional > 0)
      console.error(`left out: ${optional} tests of programs that are not part of the setup, such as cfn-lint and terraform`);
    if (skipped.size === 0 || process.env['EDGE_TEST_STRICT'] !== '1') return;
    console.error('error: EDGE_TEST_STRICT is 1, and tests were skipped');
    process.exitCode = 1;
  }
}
