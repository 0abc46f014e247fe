import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFunction, createReadyStore, dataEtag, functionCode, type LocalAccount, openLocalAccount } from './open-local-account.ts';
import { sendRaw, signed, signedForData } from './send-raw.ts';

let account: LocalAccount;
beforeEach(async () => {
  account = await openLocalAccount();
});
afterEach(() => account.close());

const namespace = 'http://cloudfront.amazonaws.com/doc/2020-05-31/';
const raw = (options: Parameters<typeof sendRaw>[1]) =>
  sendRaw(account.cloud.port, { ...options, headers: { ...signed, ...options.headers } });
const rawData = (options: Parameters<typeof sendRaw>[1]) =>
  sendRaw(account.cloud.port, { ...options, headers: { ...signedForData, ...options.headers } });

const base64 = Buffer.from(functionCode).toString('base64');
const createBody = `<CreateFunctionRequest xmlns="${namespace}"><Name>f</Name><FunctionConfig><Comment/><Runtime>cloudfront-js-2.0</Runtime></FunctionConfig><FunctionCode>${base64}</FunctionCode></CreateFunctionRequest>`;

describe('REST-XML', () => {
  it('answers UpdateFunction’s version as ETtag, the way the model spells it, and as ETag', async () => {
    const { etag } = await createFunction(account, 'f');
    const body = createBody.replaceAll('CreateFunctionRequest', 'UpdateFunctionRequest').replace('<Name>f</Name>', '');
    const answer = await raw({ method: 'PUT', path: '/2020-05-31/function/f', headers: { 'if-match': etag }, body });
    expect(answer.status).toBe(200);
    expect(answer.rawHeaders).toContain('ETtag');
    expect(answer.rawHeaders).toContain('ETag');
    expect(answer.headers['ettag']).toBe(answer.headers.etag);
    expect(answer.headers.etag).not.toBe(etag);
  });

  it('answers PublishFunction without any ETag', async () => {
    const { etag } = await createFunction(account, 'f');
    const answer = await raw({ method: 'POST', path: '/2020-05-31/function/f/publish', headers: { 'if-match': etag } });
    expect(answer.status).toBe(200);
    expect(answer.headers).not.toHaveProperty('etag');
    expect(answer.body.toString()).toContain('<Stage>LIVE</Stage>');
  });

  it('answers GetFunction with the bytes of the code and nothing else', async () => {
    const { etag } = await createFunction(account, 'f');
    const answer = await raw({ path: '/2020-05-31/function/f?Stage=DEVELOPMENT' });
    expect(answer.body.toString()).toBe(functionCode);
    expect(answer.headers.etag).toBe(etag);
    expect(answer.headers['content-type']).toBe('application/octet-stream');
  });

  it('answers lists and structures in CloudFront’s namespace, with its element names', async () => {
    const store = await createReadyStore(account);
    await createFunction(account, 'f', store.arn);
    const { body } = await raw({ path: '/2020-05-31/function/f/describe' });
    expect(body.toString()).toContain(`<FunctionSummary xmlns="${namespace}"><Name>f</Name>`);
    expect(body.toString()).toContain(
      `<KeyValueStoreAssociations><Quantity>1</Quantity><Items><KeyValueStoreAssociation><KeyValueStoreARN>${store.arn}</KeyValueStoreARN></KeyValueStoreAssociation></Items></KeyValueStoreAssociations>`,
    );
    expect(body.toString()).toMatch(/<LastModifiedTime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z<\/LastModifiedTime>/);
  });

  it('answers errors in CloudFront’s document, with the request id in body and header', async () => {
    const answer = await raw({ path: '/2020-05-31/function/none/describe' });
    expect(answer.status).toBe(404);
    const id = answer.headers['x-amzn-requestid'];
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    const text = answer.body.toString();
    expect(text).toContain(`<ErrorResponse xmlns="${namespace}"><Error><Type>Sender</Type><Code>NoSuchFunctionExists</Code><Message>`);
    expect(text).toContain(`</Message></Error><RequestId>${id}</RequestId></ErrorResponse>`);
  });

  it('takes comments, CDATA, references and any order of elements', async () => {
    const body = `<?xml version="1.0"?><!-- c --><CreateFunctionRequest><FunctionCode>${base64}</FunctionCode><Name><![CDATA[f]]></Name><FunctionConfig><Runtime>cloudfront-js-2.0</Runtime><Comment>&#x41;&amp;&#66;<![CDATA[<&amp;>]]></Comment></FunctionConfig></CreateFunctionRequest>`;
    expect((await raw({ method: 'POST', path: '/2020-05-31/function', body })).status).toBe(201);
    const { body: described } = await raw({ path: '/2020-05-31/function/f/describe' });
    expect(described.toString()).toContain('<Comment>A&amp;B&lt;&amp;amp;&gt;</Comment>');
  });

  it.each([
    { what: 'no body', body: '', code: 'MalformedXML' },
    { what: 'text', body: 'hello', code: 'MalformedXML' },
    { what: 'an open element', body: createBody.slice(0, -3), code: 'MalformedXML' },
    { what: 'another root', body: createBody.replaceAll('CreateFunctionRequest', 'UpdateFunctionRequest'), code: 'MalformedXML' },
    { what: 'two roots', body: createBody + createBody, code: 'MalformedXML' },
    { what: 'a document type', body: `<!DOCTYPE x [<!ENTITY a "b">]>${createBody}`, code: 'MalformedXML' },
    { what: 'an unknown reference', body: createBody.replace('<Name>f', '<Name>&nbsp;'), code: 'MalformedXML' },
    { what: 'a missing element', body: createBody.replace('<Name>f</Name>', ''), code: 'MalformedXML' },
    { what: 'an unknown element', body: createBody.replace('<Name>', '<Nam>x</Nam><Name>'), code: 'MalformedInput' },
    { what: 'an element twice', body: createBody.replace('<Name>', '<Name>x</Name><Name>'), code: 'MalformedInput' },
    { what: 'an element where text belongs', body: createBody.replace('<Name>f', '<Name><f/>'), code: 'MalformedInput' },
    { what: 'code that is not base64', body: createBody.replace(base64, '*'), code: 'MalformedInput' },
    { what: 'base64 that is cut short', body: createBody.replace(base64, base64.slice(0, -1)), code: 'MalformedInput' },
    { what: 'bytes that are not UTF-8', body: Buffer.from([0xff, 0xfe, 0x3c]), code: 'MalformedInput' },
    {
      what: 'a count that is not a number',
      body: createBody.replace('</Runtime>', '</Runtime><KeyValueStoreAssociations><Quantity>NaN</Quantity></KeyValueStoreAssociations>'),
      code: 'MalformedInput',
    },
    { what: '10,000 levels', body: '<a>'.repeat(10_000), code: 'MalformedXML' },
    { what: '10,000 levels that close', body: '<a>'.repeat(10_000) + '</a>'.repeat(10_000), code: 'MalformedXML' },
  ])('refuses a body with $what: $code', async ({ body, code }) => {
    const answer = await raw({ method: 'POST', path: '/2020-05-31/function', body });
    expect(answer.status).toBe(400);
    expect(answer.body.toString()).toContain(`<Code>${code}</Code>`);
  });

  it('says which member is missing', async () => {
    const body = createBody.replace('<Comment/>', '');
    const { body: answer } = await raw({ method: 'POST', path: '/2020-05-31/function', body });
    expect(answer.toString()).toContain('functionConfig.comment');
  });

  it('needs an If-Match header', async () => {
    await createFunction(account, 'f');
    const answer = await raw({ method: 'POST', path: '/2020-05-31/function/f/publish' });
    expect(answer.status).toBe(400);
    expect(answer.body.toString()).toContain('<Code>InvalidIfMatchVersion</Code>');
  });

  it.each([
    { what: 'an unknown path', method: 'GET', path: '/2020-05-31/functions' },
    { what: 'another API version', method: 'GET', path: '/2019-03-26/distribution' },
    { what: 'another method', method: 'PATCH', path: '/2020-05-31/function/f' },
    { what: 'an empty name', method: 'GET', path: '/2020-05-31/function//describe' },
    { what: 'a climbing path', method: 'GET', path: '/2020-05-31/x/../function' },
    { what: 'the root', method: 'GET', path: '/' },
  ])('refuses $what: UnknownOperationException', async ({ method, path }) => {
    const answer = await raw({ method, path });
    expect(answer.status).toBe(404);
    expect(answer.body.toString()).toContain('<Code>UnknownOperationException</Code>');
  });

  it('takes an encoded slash for part of a name', async () => {
    const answer = await raw({ path: '/2020-05-31/function/f%2Fdescribe/describe' });
    expect(answer.body.toString()).toContain('there is no function called f/describe');
  });
});

describe('REST-JSON', () => {
  it('takes the ARN as one encoded segment, and answers numbers for dates', async () => {
    const { arn } = await createReadyStore(account);
    expect(encodeURIComponent(arn)).toContain('%3A');
    const answer = await rawData({ path: `/key-value-stores/${encodeURIComponent(arn)}` });
    expect(answer.status).toBe(200);
    expect(answer.headers.etag).toMatch(/^KV/);
    expect(JSON.parse(answer.body.toString())).toEqual({
      ItemCount: 0,
      TotalSizeInBytes: 0,
      KvsARN: arn,
      Created: expect.any(Number),
      LastModified: expect.any(Number),
      Status: 'READY',
    });
  });

  it('takes an unencoded slash for a separator', async () => {
    const { arn } = await createReadyStore(account);
    expect((await rawData({ path: `/key-value-stores/${arn}` })).status).toBe(404);
  });

  it('answers errors with the code in a header and the message in the body', async () => {
    const { arn } = await createReadyStore(account);
    const answer = await rawData({ path: `/key-value-stores/${encodeURIComponent(arn)}/keys/none` });
    expect(answer.status).toBe(404);
    expect(answer.headers['x-amzn-errortype']).toBe('ResourceNotFoundException');
    expect(JSON.parse(answer.body.toString())).toEqual({ Message: expect.stringContaining('none') });
  });

  it.each([
    { what: 'text', body: 'hello', code: 'SerializationException' },
    { what: 'a list', body: '[]', code: 'SerializationException' },
    { what: 'null', body: 'null', code: 'SerializationException' },
    { what: 'a list that is an object', body: '{"Puts":{}}', code: 'SerializationException' },
    { what: 'a value that is a number', body: '{"Puts":[{"Key":"k","Value":1}]}', code: 'SerializationException' },
    { what: 'a value that is missing', body: '{"Puts":[{"Key":"k"}]}', code: 'ValidationException' },
    { what: 'a list with null in it', body: '{"Puts":[null]}', code: 'SerializationException' },
    { what: 'brackets without end', body: '['.repeat(100_000), code: 'SerializationException' },
  ])('refuses a body with $what: $code', async ({ body, code }) => {
    const { arn } = await createReadyStore(account);
    const IfMatch = await dataEtag(account, arn);
    const answer = await rawData({
      method: 'POST',
      path: `/key-value-stores/${encodeURIComponent(arn)}/keys`,
      headers: { 'if-match': IfMatch },
      body,
    });
    expect(answer.status).toBe(400);
    expect(answer.headers['x-amzn-errortype']).toBe(code);
  });

  it('keeps a key called __proto__ a key', async () => {
    const { arn } = await createReadyStore(account);
    const headers = { 'if-match': await dataEtag(account, arn) };
    const body = '{"__proto__":{"x":1},"Puts":[{"Key":"__proto__","Value":"v"}]}';
    expect((await rawData({ method: 'POST', path: `/key-value-stores/${encodeURIComponent(arn)}/keys`, headers, body })).status).toBe(200);
    expect(account.cloud.published.store(arn)?.get('__proto__')).toBe('v');
  });

  it('needs an If-Match header', async () => {
    const { arn } = await createReadyStore(account);
    const answer = await rawData({ method: 'PUT', path: `/key-value-stores/${encodeURIComponent(arn)}/keys/k`, body: '{"Value":"v"}' });
    expect(answer.status).toBe(400);
    expect(answer.headers['x-amzn-errortype']).toBe('ValidationException');
  });
});

describe('authorization', () => {
  const path = '/2020-05-31/function';
  const without = (headers: Record<string, string>, name: string) =>
    Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));
  const changed = (from: string | RegExp, to: string) => ({ ...signed, authorization: signed.authorization.replace(from, to) });

  it.each([
    { what: 'no Authorization', headers: without(signed, 'authorization'), code: 'MissingAuthenticationToken', status: 403 },
    { what: 'another scheme', headers: { ...signed, authorization: 'Bearer x' }, code: 'IncompleteSignature', status: 400 },
    { what: 'the data plane’s scheme', headers: signedForData, code: 'IncompleteSignature', status: 400 },
    { what: 'no Signature', headers: changed(/, Signature=.*/, ''), code: 'IncompleteSignature', status: 400 },
    { what: 'no date', headers: without(signed, 'x-amz-date'), code: 'IncompleteSignature', status: 400 },
    { what: 'another region', headers: changed('us-east-1', 'eu-central-1'), code: 'SignatureDoesNotMatch', status: 403 },
    { what: 'another service', headers: changed('/cloudfront/', '/s3/'), code: 'SignatureDoesNotMatch', status: 403 },
    { what: 'no key id', headers: changed('AKIDEXAMPLE', ''), code: 'SignatureDoesNotMatch', status: 403 },
    { what: 'another day', headers: { ...signed, 'x-amz-date': '20261124T000000Z' }, code: 'SignatureDoesNotMatch', status: 403 },
    { what: 'an unsigned host', headers: changed('host;', ''), code: 'SignatureDoesNotMatch', status: 403 },
    {
      what: 'a signature that is not a hash',
      headers: changed('Signature=aa', 'Signature=zz'),
      code: 'SignatureDoesNotMatch',
      status: 403,
    },
  ])('of the control plane with $what: $code', async ({ headers, code, status }) => {
    const answer = await sendRaw(account.cloud.port, { path, headers: headers as Record<string, string> });
    expect(answer.status).toBe(status);
    expect(answer.body.toString()).toContain(`<Code>${code}</Code>`);
  });

  it.each([
    {
      what: 'no Authorization',
      headers: without(signedForData, 'authorization'),
      code: 'MissingAuthenticationTokenException',
      status: 403,
    },
    {
      what: 'plain SigV4',
      headers: { ...signedForData, authorization: signed.authorization },
      code: 'IncompleteSignatureException',
      status: 400,
    },
    { what: 'no region set', headers: without(signedForData, 'x-amz-region-set'), code: 'IncompleteSignatureException', status: 400 },
    {
      what: 'another region set',
      headers: { ...signedForData, 'x-amz-region-set': 'eu-*' },
      code: 'SignatureDoesNotMatchException',
      status: 403,
    },
    {
      what: 'a region in the scope',
      headers: { ...signedForData, authorization: signedForData.authorization.replace('/cloudfront-k', '/us-east-1/cloudfront-k') },
      code: 'SignatureDoesNotMatchException',
      status: 403,
    },
    {
      what: 'an HMAC where DER belongs',
      headers: { ...signedForData, authorization: signedForData.authorization.replace(/Signature=.*/, `Signature=${'a'.repeat(64)}`) },
      code: 'SignatureDoesNotMatchException',
      status: 403,
    },
  ])('of the data plane with $what: $code', async ({ headers, code, status }) => {
    const { arn } = await createReadyStore(account);
    const answer = await sendRaw(account.cloud.port, { path: `/key-value-stores/${encodeURIComponent(arn)}`, headers });
    expect(answer.status).toBe(status);
    expect(answer.headers['x-amzn-errortype']).toBe(code);
  });
});
