import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withoutNjs } from '../programs.ts';
import { openWorkingCopy, type WorkingCopy } from './function-working-copy.ts';

let copy: WorkingCopy;

beforeAll(async () => {
  copy = await openWorkingCopy();
  const { code, err } = await copy.run('function:publish', ['--yes', '--local', ...withoutNjs]);
  if (code !== 0) throw new Error(err);
});
afterAll(() => copy.close());

const explain = (...args: string[]) => copy.run('function:explain', args);

describe('npm run function:explain', () => {
  it('shows the whole decision for one viewer by running the function', async () => {
    const args = ['--country', 'de', '--method', 'POST', '--ip', '198.51.100.9', '--record', 'europe=25'];
    const { code, out, err } = await copy.start('function:explain', args);
    expect(err).toBe('');
    expect(out.split('\n').slice(2)).toEqual([
      'record   europe 25 %  (given)',
      'order    europe, singapore  (edge.config.ts, routes[1])',
      '         ├ europe: weight 25, the viewer is in bucket 76: does not take the viewer',
      '         └ singapore: weight 100: takes the viewer',
      'calls    selectRequestOriginById("singapore")',
      'goes to  singapore',
      'changes  header x-origin-route: singapore;country=DE;health=weighted',
      '',
    ]);
    expect(code).toBe(0);
  });

  it('puts all viewers on one screen of 80 columns, under the live record', async () => {
    const { out } = await explain('--all', '--local');
    const lines = out.trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(24);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    expect(lines[1]).toMatch(/^record {2}no record.*\(live, edge-health\)$/);
    expect(out.match(/\b[A-Z]{2}\b/g)).toHaveLength(249);
    expect(lines).toContain('  AT BE CH DE ES FR GB IE IT NL PL SE');
  });

  it('gives the same to machines', async () => {
    const { out } = await explain('--all', '--json', '--record', 'singapore=0');
    const { audiences } = JSON.parse(out) as { audiences: { countries: (string | null)[]; get: string }[] };
    expect(audiences.map(({ get }) => get)).toEqual(['europe', 'europe']);
    expect(audiences.flatMap(({ countries }) => countries)).toHaveLength(250);
  });

  it('compares LIVE with the working tree', async () => {
    expect((await explain('--diff', '--local')).out).toMatch(/nothing changes\n$/);
    const kept = await copy.read('edge.config.ts');
    await copy.replace('edge.config.ts', "'AT', ", '');
    const { out } = await explain('--diff', '--local');
    await copy.write('edge.config.ts', kept);
    expect(out).toMatch(
      /^from {2}LIVE, v1 of .*\nto {4}working tree, [0-9a-f]{12}, \d+ bytes\nevery origin healthy\n {2}AT\n {4}europe, then singapore → singapore, then europe\n/,
    );
  });

  it('explains what is LIVE when asked for it', async () => {
    const { out } = await explain('--country', 'IN', '--live', '--local', '--record', 'ok');
    expect(out).toMatch(/^viewer.*\ncode +LIVE, v1 of .*\n/);
    expect(out).toContain('order    singapore, europe\n');
  });

  it('does without njs', async () => {
    const { out, code } = await copy.run('function:explain', ['--country', 'IN', '--record', 'singapore=0', '--json'], {
      PATH: '/nonexistent',
    });
    expect(JSON.parse(out)).toMatchObject({ decision: { route: 'europe', call: 'selectRequestOriginById("europe")' } });
    expect(code).toBe(0);
  });

  it('shows the name of a header, and never its value, which may be a secret', async () => {
    const { out, code } = await explain('--country', 'IN', '--record', 'ok', '--json', '--header', 'authorization: Bearer hush');
    expect(JSON.parse(out)).toMatchObject({ viewer: { country: 'IN', headers: ['authorization'] } });
    expect([code, out.includes('hush')]).toEqual([0, false]);
    const refused = await explain('--header', 'authorization Bearer hush');
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('--header') });
    expect(refused.err).not.toContain('hush');
  });

  it.each([
    { args: ['--country', 'IND'], says: /--country.*"IND"/ },
    { args: ['--country', 'EU'], says: /--country.*"EU"/ },
    { args: ['--country', 'IN', '--all'], says: /--country.*--all.*--diff/ },
    { args: ['--ip', '1.2.3'], says: /--ip.*"1\.2\.3"/ },
    { args: ['--record', 'europe=25;singpore=0'], says: /"singpore".*singapore, europe\n/ },
    { args: ['--all', '--record', 'singpore=0'], says: /"singpore".*singapore, europe\n/ },
    { args: ['--method', 'FETCH'], says: /--method takes GET/ },
  ])('refuses $args in one line and a hint', async ({ args, says }) => {
    const { code, out, err } = await explain(...args);
    expect(err).toMatch(/^error: .*\nhint: .*\n$/);
    expect(err).toMatch(says);
    expect([code, out]).toEqual([2, '']);
  });

  it('says what is missing when nothing is LIVE, or no account is there', async () => {
    const { code, err } = await explain('--all');
    expect(err).toMatch(/^error: cannot find key-value store edge-health: .*redentials.*\nhint: .*--local; .* --record ok\n$/);
    expect(code).toBe(1);
  });
});
