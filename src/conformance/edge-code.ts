import type { ConformanceCase } from './conformance-case.ts';

/** Cases of the measurements, by the header x-case. */
export const readWrite = 'read-write';
export const readVersion = 'read-version';

/**
 * One function for all cases at the edge: the header x-case chooses what it does. A function for each would need more
 * behaviors than a distribution may have.
 */
export function edgeFunctionCode(cases: readonly ConformanceCase[], values: Readonly<Record<string, string>>, version: string): string {
  const branches = cases.flatMap(({ id, ask }) =>
    ask.kind === 'edge' && ask.edge !== undefined ? [`  if (asked === '${id}') { ${ask.edge} }`] : [],
  );
  const code = `import cf from 'cloudfront';
async function handler(event) {
  const request = event.request;
  const given = request.headers['x-case'];
  const asked = given ? given.value : '';
  if (asked === '${readVersion}') return { statusCode: 200, headers: { 'x-seen': { value: '${version}' } } };
  if (asked === '${readWrite}') {
    let marker = 'missing';
    try { const found = await cf.kvs().get('marker'); marker = found; } catch (e) { marker = 'missing'; }
    return { statusCode: 200, headers: { 'x-seen': { value: marker } } };
  }
${branches.join('\n')}
  return request;
}
`;
  return code.replace(/\{(domainA|domainB|nonce)\}/g, (_whole, name: string) => values[name] ?? '');
}

export const afterFunctionCode = `function handler(event) {
  event.response.headers['x-after'] = { value: 'ran' };
  return event.response;
}
`;

/**
 * The origin: a Lambda function behind a function URL that answers what it was asked. `?fail=a:503` and `?slow=a:2500` break the one of that name.
 */
export const originSource = `exports.handler = async (event) => {
  const name = process.env.ORIGIN;
  const query = event.rawQueryString || '';
  const read = (key) => (new URLSearchParams(query).get(key) || ':').split(':');
  const [failing, status] = read('fail');
  const [slow, ms] = read('slow');
  if (slow.includes(name)) await new Promise((resolve) => setTimeout(resolve, Number(ms)));
  const bytes = event.body ? Buffer.from(event.body, event.isBase64Encoded ? 'base64' : 'utf8').length : 0;
  return {
    statusCode: failing.includes(name) ? Number(status) : 200,
    headers: { 'content-type': 'application/json', 'x-origin': name },
    body: JSON.stringify({ path: event.rawPath, query, method: event.requestContext.http.method, bytes, headers: event.headers }),
  };
};
`;
