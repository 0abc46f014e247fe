import { testerSecret } from '../configs.ts';
import { type Given, given, type RouterCase } from './router-case.ts';

const country = { 'cloudfront-viewer-country': { value: 'DE' } };

/** With a header or, for `tester-cookie`, a cookie of this value. */
const row = (when: string, value: unknown, to: string | undefined, says: string | undefined, more: Given = {}): RouterCase => {
  const { config = 'tester-header' } = more;
  const isCookie = config === 'tester-cookie';
  return {
    when: `a tester's ${isCookie ? 'cookie' : 'header'} ${when}`,
    ...given({
      config,
      headers: { ...country, ...(!isCookie && { 'x-tester': value }) },
      spoil: ({ request }) => {
        if (isCookie) request['cookies'] = { tester: value, session: { value: 'a' } };
      },
      ...more,
    }),
    to,
    says,
  };
};

const right = (origin: string) => ({ value: `${origin}:${testerSecret}` });
const asUsual = ['europe+singapore', 'europe;country=DE;health=ok'] as const;

export const testerCases: readonly RouterCase[] = [
  row('asks for an origin', right('tokyo'), 'tokyo', 'tokyo;country=DE;tester'),
  row('asks for the first origin, without a group', right('europe'), 'europe', 'europe;country=DE;tester'),
  row('asks for an origin that is out', right('tokyo'), 'tokyo', 'tokyo;country=DE;tester', { record: 'tokyo=0' }),
  row('asks for an origin of no order of the country', right('tokyo'), 'tokyo', 'tokyo;country=MC;tester', {
    headers: { 'cloudfront-viewer-country': { value: 'MC' }, 'x-tester': right('tokyo') },
  }),
  row('asks for an unknown origin', right('mars'), ...asUsual),
  row('asks for a name of Object.prototype', right('constructor'), ...asUsual),
  row('asks for no origin', right(''), ...asUsual),
  row('has a wrong secret', { value: 'tokyo:another-horse-batterz' }, ...asUsual),
  row('has a part of the secret', { value: 'tokyo:correct' }, ...asUsual),
  row('has more than the secret', { value: `tokyo:${testerSecret}x` }, ...asUsual),
  row('has more than the secret, behind a colon', { value: `tokyo:${testerSecret}:x` }, 'tokyo', 'tokyo;country=DE;tester'),
  row('has no secret', { value: 'tokyo' }, ...asUsual),
  row('has the secret alone', { value: testerSecret }, ...asUsual),
  row('is empty', { value: '' }, ...asUsual),
  row('has the hash', { value: 'tokyo:9a0c9c4ba3cc6b1f83a4c9' }, ...asUsual),
  row('has astral characters', { value: 'tokyo:😀' }, ...asUsual, { sendable: false }),
  row('has no value', {}, ...asUsual, { sendable: false }),
  row('is null', null, ...asUsual, { sendable: false }),
  row('comes twice', { ...right('tokyo'), multiValue: [right('tokyo'), right('europe')] }, 'tokyo', 'tokyo;country=DE;tester'),
  row('comes with the record that takes all out', right('singapore'), 'singapore', 'singapore;country=DE;tester', {
    record: 'singapore=0;europe=0;tokyo=0',
  }),
  row('is not configured', right('tokyo'), 'europe+singapore', 'europe;country=DE;health=ok', { config: 'three' }),
  row('asks for an origin', right('tokyo'), '\'"\\;=@$`</script>', 'tokyo;country=DE;tester', { config: 'tester-cookie', uri: '/api/x' }),
  row('is wrong', { value: 'tokyo:x' }, `my-alb.eu-central-1.elb.amazonaws.com-${'x'.repeat(90)}`, 'europe;country=DE;health=ok', {
    config: 'tester-cookie',
    uri: '/api/x',
    method: 'POST',
  }),
  // The behavior's own origin must not see the secret either.
  row('comes with a path of no service', right('tokyo'), undefined, undefined, { config: 'tester-cookie', uri: '/' }),
  row('comes with a path of no service', right('tokyo'), undefined, undefined, { config: 'everything', uri: '/' }),
  row('comes with a retry', right('tokyo'), '\'"\\;=@$`</script>', 'tokyo;country=DE;tester', {
    config: 'everything',
    uri: '/api/x',
    headers: { ...country, 'x-tester': right('tokyo'), 'x-retry-attempt': { value: '1' } },
  }),
];
