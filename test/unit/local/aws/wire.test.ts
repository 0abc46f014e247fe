import { CreateDistribution$, type DistributionConfig } from '@aws-sdk/client-cloudfront';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { operationShape, type Shape, type Structure } from '../../../../local/aws/wire/shape.ts';
import { readXml, writeXml } from '../../../../local/aws/wire/xml.ts';

const payload = operationShape(CreateDistribution$).input.members[0];
const distributionConfig = payload?.shape() as Structure;

/** Text that XML 1.0 can carry. */
const text = fc.string({ unit: 'grapheme', maxLength: 12 }).map((value) => value.replace(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, '\n'));

function contentOf(shape: Shape, depth: number): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case 'structure':
      return fc.record(
        Object.fromEntries(
          shape.members
            .filter((member) => member.required || depth > 0)
            .map((member) => [member.name, fc.constant(null).chain(() => contentOf(member.shape(), depth - 1))]),
        ),
        { requiredKeys: shape.members.filter((member) => member.required).map((member) => member.name) },
      );
    case 'list': {
      const item = shape.item();
      return fc.array(
        fc.constant(null).chain(() => contentOf(item, depth - 1)),
        { maxLength: 2 },
      );
    }
    case 'number':
      return fc.integer();
    case 'boolean':
      return fc.boolean();
    case 'timestamp':
      return fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) });
    case 'blob':
      return fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes));
    case 'string':
      return text;
  }
}

describe('a DistributionConfig as XML', () => {
  it('reads back as it was written, whatever it holds', () => {
    fc.assert(
      fc.property(contentOf(distributionConfig, 3), (config) => {
        const xml = writeXml(config as DistributionConfig, distributionConfig, 'DistributionConfig');
        expect(readXml(xml, distributionConfig, 'DistributionConfig', new Set())).toEqual(config);
      }),
      { numRuns: 100 },
    );
  });
});

describe('the shape of an operation', () => {
  it('is what the SDK’s schema says: address, status, bindings, required members', () => {
    const shape = operationShape(CreateDistribution$);
    expect(shape).toMatchObject({
      name: 'CreateDistribution',
      method: 'POST',
      segments: ['2020-05-31', 'distribution'],
      query: [],
      status: 201,
    });
    expect(shape.input.members).toMatchObject([
      { name: 'DistributionConfig', place: 'payload', required: true, wireName: 'DistributionConfig' },
    ]);
    expect(shape.output.members.map(({ name, place, wireName }) => ({ name, place, wireName }))).toEqual([
      { name: 'Distribution', place: 'payload', wireName: 'Distribution' },
      { name: 'Location', place: 'header', wireName: 'location' },
      { name: 'ETag', place: 'header', wireName: 'etag' },
    ]);
    const required = distributionConfig.members.filter((member) => member.required).map((member) => member.name);
    expect(required).toEqual(['CallerReference', 'Origins', 'DefaultCacheBehavior', 'Comment', 'Enabled']);
  });
});
