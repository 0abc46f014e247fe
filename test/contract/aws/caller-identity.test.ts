import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { openAws } from '../../../src/aws/clients.ts';
import { readCallerIdentity } from '../../../src/aws/credentials.ts';

const answer = (arn: string) =>
  `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>${arn}</Arn>` +
  '<UserId>AIDA</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>';

async function ask(respond: ((end: (body: string) => void) => void) | undefined, timeoutMs: number): Promise<string | undefined> {
  const server = createServer((_request, response) => respond?.((body) => response.end(body)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const aws = openAws({ env: {}, local: { controlPlane: `http://127.0.0.1:${port}` } });
  try {
    return await readCallerIdentity(aws.sts, timeoutMs);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('the identity of a process at AWS', () => {
  it('is account and name of the role or user', async () => {
    const arn = 'arn:aws:sts::111122223333:assumed-role/operator/ann';
    expect(await ask((end) => end(answer(arn)), 10_000)).toBe('111122223333:assumed-role/operator/ann');
  });

  it('is unknown when nothing answers in time, or nonsense does', async () => {
    expect(await ask(undefined, 300)).toBeUndefined();
    expect(await ask((end) => end('<nonsense'), 10_000)).toBeUndefined();
  });
});
