import { afterEach, describe, expect, it } from 'vitest';
import { cachingOptimized, openTestEdge, type TestEdge, testDistribution } from './open-test-edge.ts';

let rig: TestEdge;
afterEach(() => rig.close());

const header = { id: 'E2STAGING', takes: { header: 'aws-cf-cd-canary', value: 'yes' } };

/** A primary that serves from Singapore and a staging distribution that serves from Europe. */
async function open(random?: () => number): Promise<void> {
  rig = await openTestEdge({ distribution: testDistribution({}, { CachePolicyId: cachingOptimized }), ...(random && { random }) });
  rig.published.deploy('E2STAGING', testDistribution({ Staging: true }, { TargetOriginId: 'europe', CachePolicyId: cachingOptimized }));
}

const ask = (canary?: string) => rig.request('/page', canary === undefined ? {} : { headers: { 'aws-cf-cd-canary': canary } });
const regionFor = async (canary?: string) => (await ask(canary)).headers['x-region'];

describe('a staging distribution', () => {
  it('gets nothing without a policy', async () => {
    await open();
    expect(await regionFor('yes')).toBe('ap-southeast-1');
  });

  it('gets the requests with its header and its value, and no other', async () => {
    await open();
    rig.published.stage('E2TEST', header);
    expect([await regionFor('yes'), await regionFor('no'), await regionFor()]).toEqual([
      'eu-central-1',
      'ap-southeast-1',
      'ap-southeast-1',
    ]);
    rig.published.stage('E2TEST', undefined);
    expect(await regionFor('yes')).toBe('ap-southeast-1');
  });

  it('gets its share of the requests', async () => {
    const draws = [0.1, 0.149, 0.15, 0.9];
    await open(() => draws.shift() ?? 1);
    rig.published.stage('E2TEST', { id: 'E2STAGING', takes: { share: 0.15 } });
    const regions = [await regionFor(), await regionFor(), await regionFor(), await regionFor()];
    expect(regions).toEqual(['eu-central-1', 'eu-central-1', 'ap-southeast-1', 'ap-southeast-1']);
  });

  it('has a cache and a name of its own', async () => {
    await open();
    rig.published.stage('E2TEST', header);
    const replies = [await ask('yes'), await ask(), await ask('yes'), await ask()];
    expect(replies.map(({ headers }) => headers['x-cache'])).toEqual([
      'Miss from cloudfront',
      'Miss from cloudfront',
      'Hit from cloudfront',
      'Hit from cloudfront',
    ]);
    expect(replies[0]?.headers.via).toContain('e2staging.cloudfront.net');
  });

  it('is taken up when it is deployed again, and shows what it cannot serve to its own requests only', async () => {
    await open();
    rig.published.stage('E2TEST', header);
    rig.published.deploy('E2STAGING', testDistribution({}, { TargetOriginId: 'singapore' }));
    expect(await regionFor('yes')).toBe('ap-southeast-1');
    rig.published.deploy('E2STAGING', testDistribution({}, { CachePolicyId: 'unknown' }));
    expect([(await ask('yes')).status, (await ask()).status]).toEqual([502, 200]);
  });
});
