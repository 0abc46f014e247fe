import { TestFunction$, type TestFunctionRequest, type TestFunctionResult } from '@aws-sdk/client-cloudfront';
import { maxTestEventBytes } from '../../../../kvs/limits.ts';
import { checkIfMatch } from '../../etag.ts';
import { operation } from '../../operation.ts';
import { findStage, summarizeFunction } from '../../rules/function-stage.ts';
import { runTestEvent } from '../../rules/test-event.ts';
import { ServiceError } from '../../service-error.ts';

/** Runs one event on a stage under that stage's ETag. The operation lists no PreconditionFailed: a stale version is InvalidIfMatchVersion too. */
export const testFunction = operation<TestFunctionRequest, TestFunctionResult>(TestFunction$, async (input, account) => {
  const { record, name, stage } = findStage(input.Name, input.Stage, account);
  checkIfMatch(input.IfMatch, stage, 'InvalidIfMatchVersion');
  if (input.EventObject.byteLength > maxTestEventBytes)
    throw new ServiceError(
      'InvalidArgument',
      `the event has ${input.EventObject.byteLength} bytes, at most ${maxTestEventBytes} are allowed`,
    );
  const result = await runTestEvent(stage, input.EventObject, account);
  return { TestResult: { FunctionSummary: summarizeFunction(record, name, stage, account), ...result } };
});
