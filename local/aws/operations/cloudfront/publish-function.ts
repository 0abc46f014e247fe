import { PublishFunction$, type PublishFunctionRequest, type PublishFunctionResult } from '@aws-sdk/client-cloudfront';
import { checkIfMatch } from '../../etag.ts';
import { operation } from '../../operation.ts';
import { findFunction, summarizeFunction } from '../../rules/function-stage.ts';

/** Copies DEVELOPMENT to LIVE under DEVELOPMENT's ETag; LIVE has an ETag of its own. As on AWS, nothing here runs or parses the code. */
export const publishFunction = operation<PublishFunctionRequest, PublishFunctionResult>(PublishFunction$, (input, account) => {
  const record = findFunction(input.Name, account);
  const { development } = record;
  checkIfMatch(input.IfMatch, development);
  const at = account.date();
  record.live = {
    config: development.config,
    code: development.code,
    etag: account.etag('E'),
    pastEtags: record.live === undefined ? [] : [...record.live.pastEtags, record.live.etag].slice(-100),
    createdAt: record.live?.createdAt ?? at,
    modifiedAt: at,
  };
  account.changed({ kind: 'function', arn: record.arn });
  return { FunctionSummary: summarizeFunction(record, 'LIVE', record.live, account) };
});
