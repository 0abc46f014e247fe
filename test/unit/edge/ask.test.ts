import { expect, it } from 'vitest';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { aliasOf } from '../../../src/config/origin-names.ts';
import { askFunction, someIp } from '../../../src/edge/ask/ask.ts';
import { fakeAsked } from '../explain/fake-runtime.ts';

const { origins } = parseEdgeConfig({
  origins: { home: { region: 'ap-southeast-1', originId: 'Stack-Alb.1' }, away: { region: 'eu-central-1', originId: 'Stack-Alb.2' } },
  defaultOrder: ['home', 'away'],
});
const questions = [{ viewer: { country: 'IN', method: 'GET', ip: someIp }, record: 'ok' }];
const asked = fakeAsked(() => ['Stack-Alb.1', 'Stack-Alb.2']);

it('names origins by their alias where the configuration is known', async () => {
  const [decision] = await askFunction({ ...asked, origins }, questions);
  expect(decision).toMatchObject({ origins: ['home', 'away'], route: 'home, then away' });
});

it('names origins by their id where it is not', async () => {
  const [decision] = await askFunction(asked, questions);
  expect(decision).toMatchObject({ origins: ['Stack-Alb.1', 'Stack-Alb.2'], route: 'Stack-Alb.1, then Stack-Alb.2' });
});

it('leaves the id of an origin that the configuration does not have', () => {
  expect([aliasOf(origins, 'Stack-Alb.2'), aliasOf(origins, 'assets')]).toEqual(['away', 'assets']);
});
