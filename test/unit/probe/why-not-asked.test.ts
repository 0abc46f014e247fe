import { expect, it } from 'vitest';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { whyNotAsked } from '../../../src/probe/edge-view.ts';

const origins = { singapore: { region: 'ap-southeast-1' }, europe: { region: 'eu-central-1' } };
const order = ['singapore', 'europe'];
const adopted = (...lists: string[][]) => ({
  defaultOrder: order,
  distributions: lists.map((behaviors, place) => ({ id: `E${place}`, behaviors })),
});

it.each([
  { when: 'the whole distribution is ours', more: { defaultOrder: order }, why: undefined },
  { when: 'a named behavior has the path', more: adopted(['/api/*', '/heal?h']), why: undefined },
  { when: 'a pattern without its slash has it', more: adopted(['health*']), why: undefined },
  { when: 'another distribution has it', more: adopted(['/api/*'], ['/health']), why: undefined },
  { when: 'the default behavior is named', more: adopted(['/api/*', 'default']), why: undefined },
  { when: 'no named behavior has it', more: adopted(['/api/*', '/default', '/HEALTH']), why: /^no behavior .* the path \/health / },
  { when: 'no service has it', more: { services: [{ name: 'api', paths: ['/api/*'], order }] }, why: /^no service .* the path \/health / },
])('knows whether the edge routes the health check when $when', ({ more, why }) => {
  const found = whyNotAsked(parseEdgeConfig({ origins, ...more }));
  if (why === undefined) expect(found).toBeUndefined();
  else expect(found).toMatch(why);
});
