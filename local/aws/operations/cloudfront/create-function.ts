import { CreateFunction$, type CreateFunctionRequest, type CreateFunctionResult } from '@aws-sdk/client-cloudfront';
import type { FunctionStage } from '../../account.ts';
import { operation } from '../../operation.ts';
import { checkFunction, checkName } from '../../rules/function-config.ts';
import { summarizeFunction } from '../../rules/function-stage.ts';
import { parseTags } from '../../rules/tags.ts';
import { ServiceError } from '../../service-error.ts';

/** Functions per account (DG cloudfront-limits.html). */
const maxFunctions = 100;

export const createFunction = operation<CreateFunctionRequest, CreateFunctionResult>(CreateFunction$, (input, account) => {
  checkName(input.Name);
  checkFunction(input.FunctionConfig, input.FunctionCode, account);
  const tags = parseTags(input.Tags);
  if (account.functions.has(input.Name))
    throw new ServiceError('FunctionAlreadyExists', `there is a function called ${input.Name} already`);
  if (account.functions.size >= maxFunctions)
    throw new ServiceError('TooManyFunctions', `an account has at most ${maxFunctions} functions`);
  const at = account.date();
  const development: FunctionStage = {
    config: input.FunctionConfig,
    code: input.FunctionCode,
    etag: account.etag('E'),
    pastEtags: [],
    createdAt: at,
    modifiedAt: at,
  };
  const arn = `arn:aws:cloudfront::${account.options.accountId}:function/${input.Name}`;
  const record = { name: input.Name, arn, development, live: undefined };
  account.functions.set(input.Name, record);
  account.tags.set(arn, tags);
  return {
    FunctionSummary: summarizeFunction(record, 'DEVELOPMENT', development, account),
    Location: `https://cloudfront.amazonaws.com/2020-05-31/function/${arn}`,
    ETag: development.etag,
  };
});
