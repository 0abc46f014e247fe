import { DescribeFunction$, type DescribeFunctionRequest, type DescribeFunctionResult } from '@aws-sdk/client-cloudfront';
import { operation } from '../../operation.ts';
import { findStage, summarizeFunction } from '../../rules/function-stage.ts';

export const describeFunction = operation<DescribeFunctionRequest, DescribeFunctionResult>(DescribeFunction$, (input, account) => {
  const { record, name, stage } = findStage(input.Name, input.Stage, account);
  return { FunctionSummary: summarizeFunction(record, name, stage, account), ETag: stage.etag };
});
