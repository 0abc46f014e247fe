import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { EdgeConfigInput } from '../../../../src/config/edge-config.ts';
import { formatConfigFile } from '../../../../src/distribution/init/config-text.ts';

const config: EdgeConfigInput = {
  functionName: 'origin-router',
  origins: {
    singapore: {
      originId: 'WebStackSiteDistributionOrigin1A1B2C3D4',
      region: 'ap-southeast-1',
      signals: [{ type: 'http', path: '/healthz' }],
    },
    europe: { region: 'eu-central-1' },
  },
  defaultOrder: ['singapore', 'europe'],
};
const texts = {
  importFrom: './src/config/edge-config.ts',
  title: ['Routing of E1.'],
  comments: { 'origins.singapore': 'load balancer, home' },
};

/** What the file exports. */
function evaluate(text: string): unknown {
  const body = text.replace(/^import .*\n/, '').replace('\nexport default', '\nreturn');
  return new Function('defineEdgeConfig', body)((config: unknown) => config);
}

it('is what a person would write', () => {
  expect(formatConfigFile(config, texts)).toMatchInlineSnapshot(`
    "import { defineEdgeConfig } from './src/config/edge-config.ts';

    /**
     * Routing of E1.
     */
    export default defineEdgeConfig({
      functionName: 'origin-router',
      origins: {
        // load balancer, home
        singapore: {
          originId: 'WebStackSiteDistributionOrigin1A1B2C3D4',
          region: 'ap-southeast-1',
          signals: [{ type: 'http', path: '/healthz' }],
        },
        europe: { region: 'eu-central-1' },
      },
      defaultOrder: ['singapore', 'europe'],
    });
    "
  `);
});

it('exports the configuration, whatever is in it', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom("it's", '`$' + '{x}`', '\u2028', '*/', '\\', '"', '__proto__ ', '\n'),
  );
  const value = fc.dictionary(text, fc.oneof(text, fc.integer(), fc.boolean(), fc.array(text), fc.dictionary(text, text)), {
    noNullPrototype: true,
    maxKeys: 5,
  });
  fc.assert(
    fc.property(value, fc.string(), (keys, title) => {
      const given = { ...config, keys } as unknown as EdgeConfigInput;
      // toEqual does not end for an own property called __proto__.
      expect(JSON.stringify(evaluate(formatConfigFile(given, { ...texts, title: [title] })))).toBe(JSON.stringify(given));
    }),
    { numRuns: 30 },
  );
});

it('comments have no control characters', () => {
  const hostile = 'a\u001b[31m\u2028\u202eb';
  const text = formatConfigFile(config, { ...texts, title: [hostile], comments: { 'origins.singapore': hostile } });
  expect(text).not.toMatch(/[^\n\P{C}]|\u2028/u);
  expect(text).toContain(' * a [31m b');
});
