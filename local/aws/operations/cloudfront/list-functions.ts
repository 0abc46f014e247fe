import { type FunctionSummary, ListFunctions$, type ListFunctionsRequest, type ListFunctionsResult } from '@aws-sdk/client-cloudfront';
import { operation } from '../../operation.ts';
import { parseStage, summarizeFunction } from '../../rules/function-stage.ts';
import { page } from '../../rules/page.ts';

/** Without a stage each function is listed once for each stage it has. A marker is a name and a stage. */
export const listFunctions = operation<ListFunctionsRequest, ListFunctionsResult>(ListFunctions$, (input, account) => {
  const wanted = parseStage(input.Stage);
  const summaries: FunctionSummary[] = [];
  for (const record of account.functions.values()) {
    if (wanted !== 'LIVE') summaries.push(summarizeFunction(record, 'DEVELOPMENT', record.development, account));
    if (wanted !== 'DEVELOPMENT' && record.live !== undefined) summaries.push(summarizeFunction(record, 'LIVE', record.live, account));
  }
  const { items, limit, nextMarker } = page(summaries, (summary) => `${summary.Name}:${summary.FunctionMetadata?.Stage}`, input);
  return {
    FunctionList: {
      NextMarker: nextMarker,
      MaxItems: limit,
      Quantity: items.length,
      Items: items.length === 0 ? undefined : items,
    },
  };
});
