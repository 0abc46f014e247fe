import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListFunctionsCommand } from '@aws-sdk/client-cloudfront';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openAws } from '../../../src/aws/clients.ts';

const usage = expect.objectContaining({ code: 'USAGE' });

describe('an endpoint over http elsewhere', () => {
  afterEach(() => vi.unstubAllEnvs());

  it.each([
    { name: 'AWS_ENDPOINT_URL', url: 'http://localhost@evil.example' },
    { name: 'AWS_ENDPOINT_URL', url: 'http://127.0.0.1.nip.io' },
    { name: 'AWS_ENDPOINT_URL', url: 'HTTP://evil.example' },
    { name: 'AWS_ENDPOINT_URL', url: ' http://evil.example' },
    { name: 'AWS_ENDPOINT_URL', url: 'http://[::ffff:1.2.3.4]' },
    { name: 'AWS_ENDPOINT_URL_STS', url: 'http://evil.example' },
    { name: 'AWS_ENDPOINT_URL_SSO', url: 'http://evil.example' },
  ])('is refused in $name=$url before anything is sent', async ({ name, url }) => {
    await expect(openAws({ env: { [name]: url } }).cloudFront()).rejects.toEqual(usage);
  });

  it.each(['http://192.0.2.1:8000', 'http://[2001:db8::1]:8000'])('is refused in ~/.aws/config: %s', async (url) => {
    const folder = await mkdtemp(join(tmpdir(), 'aws-config-'));
    try {
      await writeFile(join(folder, 'config'), `[default]\nendpoint_url = ${url}\n`);
      vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'config'));
      vi.stubEnv('AWS_ACCESS_KEY_ID', 'x');
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'x');
      const client = await openAws({ env: {} }).cloudFront();
      await expect(client.send(new ListFunctionsCommand({}))).rejects.toEqual(usage);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
