import http from 'node:http';
import { listenOnLoopback } from '../../../local/listen-on-loopback.ts';
import type { FunctionUrls } from '../../../local/origin/function-urls.ts';

export interface AwsStandIn {
  url: string;
  close(): Promise<void>;
}

type Fields = Record<string, unknown>;

/**
 * Lambda (REST-JSON), IAM and STS (query, XML) as the SDK's own clients speak to them. Unverified: made from the API
 * models.
 */
export async function openAwsStandIn(urls: FunctionUrls, accountId: string): Promise<AwsStandIn> {
  const server = http.createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts).toString();
      const path = request.url ?? '/';
      const answering = path.startsWith('/20') ? answerLambda(urls, request.method ?? '', path, body) : answerQuery(urls, accountId, body);
      void answering.then(({ status, headers, text }) => {
        response.writeHead(status, headers);
        response.end(text);
      });
    });
  });
  const port = await listenOnLoopback(server, 0);
  return {
    url: `http://localhost:${port}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Answered {
  status: number;
  headers: Record<string, string>;
  text: string;
}

/** Method, path and operation; the status is the model's. */
const lambdaRoutes: readonly (readonly [method: string, path: RegExp, operation: string, status: number])[] = [
  ['POST', /^\/2015-03-31\/functions\/?$/, 'CreateFunction', 201],
  ['GET', /^\/2015-03-31\/functions\/?(\?.*)?$/, 'ListFunctions', 200],
  ['GET', /^\/2015-03-31\/functions\/([^/]+)\/configuration$/, 'GetFunctionConfiguration', 200],
  ['POST', /^\/2021-10-31\/functions\/([^/]+)\/url$/, 'CreateFunctionUrlConfig', 201],
  ['POST', /^\/2015-03-31\/functions\/([^/]+)\/policy$/, 'AddPermission', 201],
  ['DELETE', /^\/2015-03-31\/functions\/([^/]+)$/, 'DeleteFunction', 204],
];

async function answerLambda(urls: FunctionUrls, method: string, path: string, body: string): Promise<Answered> {
  const route = lambdaRoutes.find(([wanted, pattern]) => wanted === method && pattern.test(path));
  const json = { 'content-type': 'application/json' };
  if (route === undefined) return { status: 404, headers: { ...json, 'x-amzn-errortype': 'UnknownOperationException' }, text: '{}' };
  const [, pattern, operation, status] = route;
  const input = (body === '' ? {} : JSON.parse(body)) as Fields;
  const name = pattern.exec(path)?.[1];
  if (name !== undefined && !name.startsWith('?')) input['FunctionName'] = decodeURIComponent(name);
  const code = input['Code'] as { ZipFile?: string } | undefined;
  if (code?.ZipFile !== undefined) input['Code'] = { ZipFile: Buffer.from(code.ZipFile, 'base64') };
  try {
    const output = await urls.call('lambda', operation, input);
    return { status, headers: json, text: status === 204 ? '' : JSON.stringify(output) };
  } catch (error) {
    const { name: type, message, $metadata } = error as Error & { $metadata: { httpStatusCode: number } };
    return { status: $metadata.httpStatusCode, headers: { ...json, 'x-amzn-errortype': type }, text: JSON.stringify({ message }) };
  }
}

async function answerQuery(urls: FunctionUrls, accountId: string, body: string): Promise<Answered> {
  const input = Object.fromEntries(new URLSearchParams(body));
  const { Action = '' } = input;
  const headers = { 'content-type': 'text/xml' };
  const answer = (result: string) => ({
    status: 200,
    headers,
    text: `<${Action}Response><${Action}Result>${result}</${Action}Result><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></${Action}Response>`,
  });
  if (Action === 'GetCallerIdentity')
    return answer(`<Arn>arn:aws:iam::${accountId}:user/ann</Arn><UserId>AIDA</UserId><Account>${accountId}</Account>`);
  try {
    const output = await urls.call('iam', Action, input);
    const roleXml = ({ RoleName, Arn = '' }: Fields) =>
      `<RoleName>${RoleName}</RoleName><Arn>${Arn}</Arn><Path>/</Path><RoleId>AROA</RoleId><CreateDate>2026-11-30T00:00:00Z</CreateDate>`;
    const role = output['Role'] as Fields | undefined;
    const roles = output['Roles'] as Fields[] | undefined;
    if (role !== undefined) return answer(`<Role>${roleXml(role)}</Role>`);
    if (roles !== undefined)
      return answer(`<IsTruncated>false</IsTruncated><Roles>${roles.map((one) => `<member>${roleXml(one)}</member>`).join('')}</Roles>`);
    return answer('');
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata: { httpStatusCode: number } };
    return {
      status: $metadata.httpStatusCode,
      headers,
      text: `<ErrorResponse><Error><Type>Sender</Type><Code>${name}</Code><Message>${message}</Message></Error><RequestId>1</RequestId></ErrorResponse>`,
    };
  }
}
