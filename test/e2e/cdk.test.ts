import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { App, Stack, Token } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { describe, expect, it } from 'vitest';
import { runBuild, toModule } from '../../api/cdk/run-build.ts';
import { EdgeFailover, type EdgeFailoverProps } from '../../api/cdk.ts';
import edgeConfig from '../fixtures/sample/edge.config.ts';
import { checkTemplate } from '../templates/check-template.ts';
import { openResourceSchema } from '../templates/resource-schema.ts';

const cwd = 'test/fixtures/sample';
const variables = { VIEWER_DOMAIN: 'www.example.com', SINGAPORE_DOMAIN: 'a.example.com', EUROPE_DOMAIN: 'b.example.com' };
const written = { ...edgeConfig, publishedBy: 'cdk' as const };
const origin = new HttpOrigin('origin.example.com');
const secretOf = (stack: Stack) => Secret.fromSecretNameV2(stack, 'Secret', 'edge-origin');
const open = (stack = new Stack(new App(), 'Edge'), more: Partial<EdgeFailoverProps> = {}) => ({
  stack,
  edge: new EdgeFailover(stack, 'Edge', { config: written, cwd, flipper: false, ...more }),
});
const codeOf = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    return error as { code: string; message: string };
  }
  return expect.fail('nothing was thrown');
};
const viewerRequest = (arn: unknown) => ({ EventType: 'viewer-request', FunctionARN: arn });

describe('the whole', () => {
  it('is function, store, flipper with role and schedule, and alarm, as the snapshot has them', () => {
    const stack = new Stack(new App(), 'Edge');
    const token = Token.asString({ 'Fn::ImportValue': 'AlbDomain' });
    open(stack, {
      flipper: { variables: { ...variables, SINGAPORE_DOMAIN: token }, secret: secretOf(stack), signalAlarmPrefix: 'failover-' },
    });
    const template = Template.fromStack(stack);
    // The code and its hash change with the router; the function's own tests hold them.
    const shown = JSON.stringify(template.toJSON(), null, 2)
      .replace(/"FunctionCode": ".*"/, '"FunctionCode": "…"')
      .replace(/[0-9a-f]{64}\.zip/g, '….zip');
    expect(shown).toMatchSnapshot();
    expect(checkTemplate(JSON.stringify(template.toJSON()), openResourceSchema()).problems).toEqual([]);
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ SINGAPORE_DOMAIN: { 'Fn::ImportValue': 'AlbDomain' } }) },
    });
  });

  it('has the same asset at each synthesis', async () => {
    const stack = new Stack(new App(), 'Edge');
    open(stack, { flipper: { variables, secret: secretOf(stack) } });
    const asset = Object.values(Template.fromStack(stack).findResources('AWS::Lambda::Function'))[0]?.['Properties'].Code.S3Key;
    // Constructs of one process share a build: this one is another.
    const folder = await mkdtemp(join(tmpdir(), 'cdk-'));
    const config = join(folder, 'edge.config.mjs');
    await writeFile(config, toModule(written));
    const distribution = resolve(cwd, 'distribution.json');
    const order = { config, environment: undefined, cwd: resolve(cwd), distribution, zip: join(folder, 'flipper.zip') };
    const { code, sha256 } = runBuild(order);
    await rm(folder, { recursive: true });
    // The CDK hashes the hash that it is given.
    expect(asset).toBe(`${createHash('sha256').update(String(sha256)).digest('hex')}.zip`);
    Template.fromStack(stack).hasResourceProperties('AWS::CloudFront::Function', { FunctionCode: code });
  });

  it('shares a build only with constructs whose configuration is the same', () => {
    const codeOfStack = (config: EdgeFailoverProps['config']) => {
      const [found] = Object.values(Template.fromStack(open(undefined, { config }).stack).findResources('AWS::CloudFront::Function'));
      return String(found?.['Properties'].FunctionCode);
    };
    const plain = codeOfStack(written);
    const turned = { ...written, defaultOrder: [...edgeConfig.defaultOrder].reverse() };
    expect(codeOfStack(turned)).not.toBe(plain);
    expect(codeOfStack(written)).toBe(plain);
  });
}, 120_000);

/** A distribution whose default behavior has another function for this event. */
function siteWithFunction(stack: Stack, eventType: cloudfront.FunctionEventType): cloudfront.Distribution {
  const returned = eventType === cloudfront.FunctionEventType.VIEWER_REQUEST ? 'request' : 'response';
  const other = new cloudfront.Function(stack, 'Other', {
    code: cloudfront.FunctionCode.fromInline(`function handler(e) { return e.${returned}; }`),
  });
  return new cloudfront.Distribution(stack, 'Site', {
    defaultBehavior: { origin, functionAssociations: [{ function: other, eventType }] },
  });
}

describe('the association', () => {
  it('reaches behaviors that are added later, and keeps functions of other events', () => {
    const stack = new Stack(new App(), 'Edge');
    const distribution = siteWithFunction(stack, cloudfront.FunctionEventType.VIEWER_RESPONSE);
    const { edge } = open(stack, { distribution });
    distribution.addBehavior('/images/*', origin);
    distribution.addBehavior('/api/*', origin);
    const arn = stack.resolve(edge.edgeFunction.functionArn);
    Template.fromStack(stack).hasResourceProperties('AWS::CloudFront::Distribution', {
      DistributionConfig: {
        DefaultCacheBehavior: { FunctionAssociations: [{ EventType: 'viewer-response' }, viewerRequest(arn)] },
        CacheBehaviors: [
          { PathPattern: '/images/*', FunctionAssociations: Match.absent() },
          { PathPattern: '/api/*', FunctionAssociations: [viewerRequest(arn)] },
        ],
      },
    });
  });

  it('can be given to a behavior, and then is there once', () => {
    const { stack, edge } = open();
    new cloudfront.Distribution(stack, 'Site', { defaultBehavior: { origin, functionAssociations: edge.functionAssociations } });
    Template.fromStack(stack).hasResourceProperties('AWS::CloudFront::Distribution', {
      DistributionConfig: { DefaultCacheBehavior: { FunctionAssociations: [viewerRequest(stack.resolve(edge.edgeFunction.functionArn))] } },
    });
  });

  it('crosses stacks', () => {
    const app = new App();
    const site = new Stack(app, 'Site');
    const distribution = new cloudfront.Distribution(site, 'Site', { defaultBehavior: { origin } });
    open(new Stack(app, 'Edge'), { distribution, behaviors: ['default'] });
    Template.fromStack(site).hasResourceProperties('AWS::CloudFront::Distribution', {
      DistributionConfig: {
        DefaultCacheBehavior: { FunctionAssociations: [viewerRequest({ 'Fn::ImportValue': Match.stringLikeRegexp('^Edge:') })] },
      },
    });
  });

  it('of an imported distribution is an output that says what to add', () => {
    const stack = new Stack(new App(), 'Edge');
    const distribution = cloudfront.Distribution.fromDistributionAttributes(stack, 'Site', {
      domainName: 'd1.cloudfront.net',
      distributionId: 'E2QWRUHEXAMPLE',
    });
    open(stack, { distribution, behaviors: ['default', '/api/*'] });
    const [output] = Object.values(Template.fromStack(stack).findOutputs('*'));
    expect(output?.['Description']).toMatch(/default, \/api\/\* of E2QWRUHEXAMPLE/);
  });

  it('with a missing behavior, or beside another function on viewer requests, fails the synthesis', () => {
    const stack = new Stack(new App(), 'Edge');
    const distribution = siteWithFunction(stack, cloudfront.FunctionEventType.VIEWER_REQUEST);
    open(stack, { distribution, behaviors: ['default', '/nowhere/*'] });
    const errors = Annotations.fromStack(stack).findError('*', Match.anyValue());
    expect(errors.map(({ entry }) => String(entry.data))).toEqual([
      expect.stringMatching(/`before`/),
      expect.stringMatching(/"\/nowhere\/\*"/),
    ]);
  });
}, 120_000);

describe('an error', () => {
  it.each([
    { of: 'the configuration', more: { config: { ...written, defaultOrder: ['mars'] } }, code: 'CONFIG_INVALID', says: 'mars' },
    { of: 'the environment', more: { environment: 'prod' }, code: 'USAGE', says: 'prod' },
    {
      of: 'the code before the router',
      more: { config: { ...written, before: './missing.ts' } },
      code: 'CONFIG_INVALID',
      says: 'missing.ts',
    },
    { of: 'a variable that is missing', more: { flipper: {} }, code: 'PLACEHOLDER_MISSING', says: 'SINGAPORE_DOMAIN' },
    { of: 'a secret that is missing', more: { flipper: { variables } }, code: 'PLACEHOLDER_MISSING', says: 'ORIGIN_VERIFY_SECRET' },
  ])('of $of has its code, message and hint', ({ more, code, says }) => {
    const error = codeOf(() => open(undefined, more as never));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(new RegExp(`^${code}: [^]*${says}[^]*\\nhint: `));
  });

  it('is none, but a warning, where function:publish would overwrite the stack’s function', () => {
    const { stack } = open(undefined, { config: edgeConfig });
    expect(Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('publishedBy'))).toHaveLength(1);
  });
}, 120_000);
