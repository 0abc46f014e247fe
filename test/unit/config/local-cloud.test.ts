import { describe, expect, it } from 'vitest';
import { localPort, parseLocalCloud } from '../../../src/config/local-cloud.ts';
import { EdgeError } from '../../../src/errors.ts';

const cloud = {
  controlPlane: 'http://127.0.0.1:4600',
  edge: 'http://127.0.0.1:4601',
  accountId: '111122223333',
  keyValueStoreArn: 'arn:aws:cloudfront::111122223333:key-value-store/11111111-2222-3333-4444-555555555555',
  distributionId: 'E1',
  origins: { europe: { domainName: 'europe.example', host: '127.0.0.1', port: 4603, protocol: 'http' } },
  env: { EUROPE_DOMAIN: 'europe.example' },
};

describe('parseLocalCloud', () => {
  it('reads what the local cloud reports', () => {
    expect(parseLocalCloud(JSON.stringify(cloud))).toEqual({ cloud });
  });

  it.each([
    { spoil: { controlPlane: undefined, edge: 1 }, fields: ['controlPlane', 'edge'] },
    { spoil: { origins: [] }, fields: ['origins'] },
    {
      spoil: { origins: { europe: { port: '1' } } },
      fields: ['origins.europe.domainName', 'origins.europe.host', 'origins.europe.port', 'origins.europe.protocol'],
    },
    { spoil: { env: { A: 1 } }, fields: ['env.A'] },
  ])('names each wrong field: $fields', ({ spoil, fields }) => {
    const parsed = parseLocalCloud(JSON.stringify({ ...cloud, ...spoil }));
    expect('problems' in parsed && parsed.problems.map((problem) => problem.split(': ', 1)[0])).toEqual(fields);
  });

  it.each(['', '<html>', 'null', '[]', '"x"'])('refuses %j', (text) => {
    expect(parseLocalCloud(text)).toHaveProperty('problems');
  });
});

describe('localPort', () => {
  it('is 4600 unless the environment has another', () => {
    expect([localPort({}), localPort({ EDGE_LOCAL_PORT: '' }), localPort({ EDGE_LOCAL_PORT: '5000' })]).toEqual([4600, 4600, 5000]);
  });

  it.each(['0', '65536', 'http', '-1'])('refuses %s', (port) => {
    expect(() => localPort({ EDGE_LOCAL_PORT: port })).toThrow(EdgeError);
  });
});
