import { type Given, given, type RouterCase } from './router-case.ts';

const retried = (country: string, name = 'x-retry-attempt', value = '1') => ({
  headers: { 'cloudfront-viewer-country': { value: country }, [name]: { value } },
});

const row = (when: string, what: Given, to: string, says: string): RouterCase => ({ when, ...given(what), to, says });

/** A request that a client tries again, and origins whose ids in the distribution are not their aliases. */
export const retryCases: readonly RouterCase[] = [
  row('a POST is tried again', { config: 'retrying', method: 'POST', ...retried('IN') }, 'europe', 'europe;country=IN;health=ok'),
  row('a GET is tried again', { config: 'retrying', ...retried('IN') }, 'europe', 'europe;country=IN;health=ok'),
  row('a POST is not tried again', { config: 'retrying', method: 'POST' }, 'singapore', 'singapore;country=IN;health=ok'),
  row(
    'the next origin is taken out',
    { config: 'retrying', method: 'POST', record: 'europe=0', ...retried('IN') },
    'singapore',
    'singapore;country=IN;health=weighted',
  ),
  row(
    'the first origin is taken out',
    { config: 'retrying', method: 'POST', record: 'singapore=0', ...retried('IN') },
    'europe',
    'europe;country=IN;health=weighted',
  ),
  row('a GET has two origins left', { config: 'three-retrying', ...retried('IN') }, 'tokyo+europe', 'tokyo;country=IN;health=ok'),
  row(
    'a POST passes over the origin taken out',
    { config: 'three-retrying', method: 'POST', record: 'tokyo=0', ...retried('IN') },
    'europe',
    'europe;country=IN;health=weighted',
  ),
  row('an order has one origin', { config: 'three-retrying', ...retried('MC') }, 'europe', 'europe;country=MC;health=ok'),
  ...(
    [
      { config: 'retrying', header: 'x-retry-attempt', first: ['0', ''], again: ['1', '2', '10', 'true'] },
      {
        config: 'retrying-aws',
        header: 'amz-sdk-request',
        first: ['attempt=1; max=3', 'attempt=1', 'attempt=1; max=10; ttl=20261130T120000Z'],
        again: ['attempt=2; max=3', 'attempt=9; max=10', 'ttl=20261130T120000Z; attempt=2; max=5'],
      },
      { config: 'retrying-envoy', header: 'x-envoy-attempt-count', first: ['1'], again: ['2', '3', '10'] },
    ] as const
  ).flatMap(({ config, header, first, again }) => [
    ...first.map((value) =>
      row(
        `${header} is ${JSON.stringify(value)}`,
        { config, method: 'POST', ...retried('IN', header, value) },
        'singapore',
        'singapore;country=IN;health=ok',
      ),
    ),
    ...again.map((value) =>
      row(
        `${header} is ${JSON.stringify(value)}`,
        { config, method: 'POST', ...retried('IN', header, value) },
        'europe',
        'europe;country=IN;health=ok',
      ),
    ),
  ]),
  row('the header is not configured', { method: 'POST', ...retried('IN') }, 'singapore', 'singapore;country=IN;health=ok'),
  row('ids are not aliases', { config: 'aliased', method: 'POST' }, 'WebStackDistOrigin1A2B3C4D', 'singapore;country=IN;health=ok'),
  row(
    'ids are not aliases, and the record takes an alias out',
    { config: 'aliased', record: 'singapore=0' },
    `'"\\;=@$\`</script>+my-alb.eu-central-1.elb.amazonaws.com-${'x'.repeat(90)}`,
    'tokyo;country=IN;health=weighted',
  ),
];
