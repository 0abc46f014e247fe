import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EdgeConfig } from '../../../src/config/edge-config.ts';
import { openTestDoctor, type TestDoctor } from './open-test-doctor.ts';

let doctor: TestDoctor;
beforeEach(async () => {
  doctor = await openTestDoctor();
  configure(['/api/*', 'default']);
});
afterEach(() => doctor.close());

/** Another tool owns the distribution; edge.config.ts names these behaviors of it. */
function configure(behaviors: string[], more: Partial<EdgeConfig> = {}): void {
  const { config } = doctor.options;
  const distributions = [{ id: doctor.distributionId, behaviors, replaces: {} }];
  const file = () => Promise.reject(new Error('nothing may read distribution.json'));
  doctor.options = { ...doctor.options, file, config: { ...config, distributions, ...more } };
}

const isRouted = ({ FunctionAssociations }: { FunctionAssociations?: { Quantity?: number | undefined } | undefined }) =>
  FunctionAssociations?.Quantity === 1;
const takeFunctionOff = (config: DistributionConfig) =>
  Object.assign(config.CacheBehaviors?.Items?.[0] ?? {}, { FunctionAssociations: { Quantity: 0 } });

describe('a distribution of another tool', () => {
  it('is examined without distribution.json', async () => {
    const diagnoses = await doctor.diagnoseAll();
    expect(diagnoses.filter(({ findings }) => JSON.stringify(findings).includes('cannot check'))).toEqual([]);
    expect(await doctor.diagnose('distribution')).toMatchObject({
      outcome: 'ok',
      findings: [{ found: expect.stringContaining(doctor.distributionId) }],
    });
    expect(await doctor.diagnose('every-behavior')).toMatchObject({ outcome: 'ok' });
  });

  it('has a behavior without the function where another tool took it away: every such behavior fails by name', async () => {
    await doctor.changeLive(takeFunctionOff);
    expect(await doctor.diagnose('every-behavior')).toMatchObject({
      outcome: 'fail',
      findings: [{ found: expect.stringContaining('/api/*') }],
    });
    expect(await doctor.diagnose('distribution')).toMatchObject({ outcome: 'warn' });
  });

  it('may keep behaviors, also to our origins, that edge.config.ts does not name', async () => {
    configure(['/api/*']);
    await doctor.changeLive((config) => {
      if (config.DefaultCacheBehavior !== undefined && isRouted(config.DefaultCacheBehavior))
        Object.assign(config.DefaultCacheBehavior, { FunctionAssociations: { Quantity: 0 } });
    });
    expect(await doctor.diagnose('every-behavior')).toMatchObject({
      outcome: 'ok',
      findings: [{ found: expect.stringMatching(/: \/api\/\*; not ours: the default behavior$/) }],
    });
    // Neither are its policies our concern.
    await doctor.changeLive((config) => Object.assign(config.DefaultCacheBehavior ?? {}, { OriginRequestPolicyId: undefined }));
    expect(await doctor.diagnose('country')).toMatchObject({ outcome: 'ok' });
  });

  it('warns of the function on a behavior that edge.config.ts does not name', async () => {
    configure(['/api/*']);
    expect(await doctor.diagnose('every-behavior')).toMatchObject({
      outcome: 'warn',
      findings: [{ found: expect.stringContaining('the default behavior') }],
    });
  });

  it('fails where edge.config.ts names what it does not have', async () => {
    configure(['/v2/*']);
    expect(await doctor.diagnose('distribution')).toMatchObject({
      outcome: 'fail',
      findings: [{ found: expect.stringContaining('/v2/*') }],
    });
    const distributions = [{ id: 'E0NOTHERE', behaviors: ['default'], replaces: {} }];
    configure([], { distributions });
    expect(await doctor.diagnose('distribution')).toMatchObject({
      outcome: 'fail',
      findings: [{ found: expect.stringContaining('E0NOTHERE') }],
    });
  });

  it('needs no x-region, unless one of our origins gets it', async () => {
    const without = (ids: string[]) => (config: DistributionConfig) => {
      for (const origin of config.Origins?.Items ?? [])
        if (ids.includes(origin.Id ?? ''))
          origin.CustomHeaders = {
            Quantity: 1,
            Items: (origin.CustomHeaders?.Items ?? []).filter(({ HeaderName }) => HeaderName !== 'x-region'),
          };
    };
    await doctor.changeLive(without(['singapore']));
    expect(await doctor.diagnose('origins')).toMatchObject({ outcome: 'fail' });
    await doctor.changeLive(without(['europe']));
    expect(await doctor.diagnose('origins')).toMatchObject({ outcome: 'ok' });
  });

  it('differs from domainName: probes would not ask what serves viewers', async () => {
    const { singapore, europe } = doctor.options.config.origins;
    if (singapore === undefined || europe === undefined) throw new Error('the sample has both');
    const origins = { singapore: { ...singapore, domainName: 'elsewhere.example.com' }, europe };
    configure(['/api/*', 'default'], { origins });
    // On AWS; the local cloud has names of its own.
    doctor.options = { ...doctor.options, localOrigins: undefined };
    expect(await doctor.diagnose('origins')).toMatchObject({
      outcome: 'fail',
      findings: [{ found: expect.stringContaining('elsewhere.example.com') }],
    });
  });
});
