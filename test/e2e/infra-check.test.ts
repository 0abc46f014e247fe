import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findExecutable } from '../../src/edge/njs/run-process.ts';
import { startScript } from './start-script.ts';

const path = process.env['PATH'] ?? '';
const installed = findExecutable('cfn-lint', path);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'infra-check-'));
});
afterAll(() => rm(folder, { recursive: true }));

const check = (args: readonly string[], PATH: string) => startScript('infra-check', args, { PATH }).ended;
/** A PATH on which cfn-lint is not. */
const bare = path
  .split(delimiter)
  .filter((each) => findExecutable('cfn-lint', each) === undefined)
  .join(delimiter);

describe('npm run infra:check', () => {
  // cfn-lint is a second opinion, which a machine may not have; the schemas are asked on every one.
  it(`finds nothing in the templates of infra/, ${installed === undefined ? 'and says that cfn-lint was not asked' : 'and neither does cfn-lint'}`, async () => {
    const { code, stdout, stderr } = await check([], path);
    expect(stderr).toBe('');
    expect(stdout).toMatch(
      new RegExp(
        [
          '^infra/alarm-forwarding\\.yaml {2}2 resources, nothing found',
          'infra/flipper\\.yaml {2}\\d+ resources, nothing found',
          'infra/monitoring\\.yaml {2}\\d+ resources, nothing found',
          'infra/region\\.yaml {2}\\d+ resources, nothing found',
          'infra/store-writes\\.yaml {2}1 resources?, nothing found',
          `cfn-lint {2}${installed === undefined ? 'absent: .*' : 'nothing found'}\n$`,
        ].join('\n'),
      ),
    );
    expect(code).toBe(0);
  });

  it('says where a template is wrong, what would be right, and that cfn-lint was not asked', async () => {
    const file = join(folder, 'spoiled.yaml');
    const text = await readFile('infra/alarm-forwarding.yaml', 'utf8');
    await writeFile(file, text.replace(' PolicyDocument:', ' PolicyDokument:').replaceAll('{FlipperRegion}', '{FlipperRegio}'));
    const { code, stdout, stderr } = await check([file], bare);
    expect(stdout.split('\n')).toEqual([
      `${file}  2 resources, 5 found`,
      expect.stringMatching(
        /^ {2}Resources\.Role\.Properties\..*: there is no parameter or resource FlipperRegio; did you mean FlipperRegion\?$/,
      ),
      '  Resources.AlarmRule.Properties.Targets.0.Arn: there is no parameter or resource FlipperRegio; did you mean FlipperRegion?',
      '  Parameters.FlipperRegion: nothing uses it',
      '  Resources.Role.Properties.Policies.0: PolicyDocument is missing',
      '  Resources.Role.Properties.Policies.0: there is no property PolicyDokument; did you mean PolicyDocument?',
      'cfn-lint  absent: it was not asked (pip install cfn-lint)',
      '',
    ]);
    expect([code, stderr]).toEqual([1, '']);
  });

  it('names a file that is not there', async () => {
    const { code, stdout, stderr } = await check(['infra/regoin.yaml'], bare);
    expect(stderr).toMatch(/^error: infra\/regoin\.yaml cannot be read: .*\nhint: is the path right\?\n$/);
    expect([code, stdout]).toEqual([2, '']);
  });
});
