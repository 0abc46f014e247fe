import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalCloud } from '../../src/config/local-cloud.ts';
import { openTestDoctor, placeholders, type TestDoctor } from '../contract/doctor/open-test-doctor.ts';
import { runScript, startScript } from './start-script.ts';

// The command, on an account of this machine in which everything is in order.

let doctor: TestDoctor;
let localPort: number;

beforeAll(async () => {
  doctor = await openTestDoctor();
  const { control, storeArn, distributionId, options } = doctor;
  const cloud: LocalCloud = {
    controlPlane: control.url,
    edge: 'http://127.0.0.1:1',
    accountId: placeholders.AWS_ACCOUNT_ID,
    keyValueStoreArn: storeArn,
    distributionId,
    origins: options.localOrigins ?? {},
    env: placeholders,
  };
  const server = createServer((_, response) => response.end(JSON.stringify(cloud)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  localPort = (server.address() as AddressInfo).port;
  doctor.keep(() => {
    server.closeAllConnections();
    server.close();
  });
});
afterAll(() => doctor.close());

const local = () => ({ EDGE_LOCAL_PORT: String(localPort) });
function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return runScript('doctor', args, { ...local(), ...env });
}

describe('npm run doctor', () => {
  it('ends with 0 when no check fails, and prints only what it found', async () => {
    const { code, stdout, stderr } = await startScript('doctor', ['--local'], local()).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^ok {4}live-code .* the build of the working tree$/m);
    expect(stdout).toMatch(/^22 ok, 2 warn, 0 fail$/m);
  });

  it('ends with 1 when something fails, unless that is accepted', async () => {
    await doctor.write({ health: 'nonsense' });
    const [failed, accepted] = await Promise.all([
      run(['--local', '--only', 'health-record,timeouts', '--json']),
      run(['--local', '--only', 'health-record', '--accept', 'health-record']),
    ]);
    await doctor.write({ health: 'ok' });
    expect(failed.code).toBe(1);
    expect(JSON.parse(failed.stdout)).toMatchObject({
      outcome: 'fail',
      accepted: [],
      counts: { ok: 1, warn: 0, fail: 1 },
      checks: [
        { check: 'health-record', outcome: 'fail', why: expect.any(String), findings: [{ outcome: 'fail', fix: expect.any(String) }] },
        { check: 'timeouts', outcome: 'ok' },
      ],
    });
    expect(accepted.code).toBe(0);
    expect(accepted.stdout).toContain('accepted: ignored in the exit code');
  });

  it('goes through without an account: what it cannot check at is a warning', async () => {
    const nowhere = { AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'b', AWS_MAX_ATTEMPTS: '1' };
    const { code, stdout, stderr } = await run(['--only', 'live-code,country,timeouts'], { ...nowhere, ...placeholders });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^warn {2}live-code +cannot check: .*ECONNREFUSED/m);
    expect(stdout).toMatch(/^ok {4}timeouts +distribution.json: a GET may take 24 s/m);
  });

  it('says once that there are no credentials, names what that leaves out, and ends with 1', async () => {
    const nobody = {
      HOME: '/nonexistent',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
      ...placeholders,
    };
    const { code, stdout, stderr } = await run(['--only', 'credentials,live-code,health-record,timeouts'], nobody);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout.match(/^fail /gm)).toHaveLength(1);
    expect(stdout).toMatch(/^fail {2}credentials /m);
    expect(stdout).toMatch(/^warn {2}skipped, since they need credentials: live-code, health-record$/m);
    expect(stdout).toMatch(/^ok {4}timeouts /m);
    const one = await run(['--only', 'live-code', '--json'], nobody);
    expect(one.code).toBe(1);
    expect(JSON.parse(one.stdout).checks).toMatchObject([{ check: 'live-code', outcome: 'fail' }]);
  });

  it('knows a check by its name', async () => {
    const { code, stdout, stderr } = await run(['--local', '--only', 'contry']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^error: --only: .*"contry"\nhint: .*country\?\n$/);
  });
});
