import { GetFunction$, type GetFunctionRequest, type GetFunctionResult } from '@aws-sdk/client-cloudfront';
import { operation } from '../../operation.ts';
import { findStage } from '../../rules/function-stage.ts';

export const getFunction = operation<GetFunctionRequest, GetFunctionResult>(GetFunction$, (input, account) => {
  const { stage } = findStage(input.Name, input.Stage, account);
  return { FunctionCode: stage.code, ETag: stage.etag, ContentType: 'application/octet-stream' };
});
