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
    { spoil: { controlPlane: undefined, edge: 1 }, problems: ['controlPlane is missing', 'edge is missing'] },
    { spoil: { origins: [] }, problems: ['origins is missing'] },
    { spoil: { origins: { europe: { port: '1' } } }, problems: ['origins.europe needs domainName, host, port and protocol'] },
    { spoil: { env: { A: 1 } }, problems: ['env is missing'] },
  ])('lists what is wrong: $problems', ({ spoil, problems }) => {
    expect(parseLocalCloud(JSON.stringify({ ...cloud, ...spoil }))).toEqual({ problems });
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
