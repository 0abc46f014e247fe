import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import edgeConfig from '../../../edge.config.ts';
import { openFunctionRuntime } from '../../../local/runtime/function-runtime.ts';
import { parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { findNjs } from '../../../src/edge/njs.ts';
import { publishFunction } from '../../../src/operations/publish/publish-function.ts';
import { createReadyStore, type LocalAccount, openLocalAccount } from '../control-plane/open-local-account.ts';

let account: LocalAccount;
let close: () => Promise<void>;

beforeEach(async () => {
  const runtime = await openFunctionRuntime();
  account = await openLocalAccount({ runtime });
  close = async () => {
    await account.close();
    await runtime.close();
  };
});
afterEach(() => close());

const config = parseEdgeConfig(edgeConfig);

it('publishes once, and then has nothing to do', async () => {
  const { arn } = await createReadyStore(account, 'edge-health');
  const lines: string[] = [];
  const tools = {
    cloudFront: account.cloudfront,
    keyValueStoreArn: arn,
    config,
    njs: findNjs(process.env['PATH']),
    log: (line: string) => lines.push(line),
  };
  const first = await publishFunction(tools);
  expect(first.outcome).toBe('published');
  const live = account.cloud.published.liveFunction(first.arn);
  expect(live?.keyValueStoreArn).toBe(arn);
  expect(
    createHash('sha256')
      .update(live?.code ?? '')
      .digest('hex'),
  ).toBe(first.sha256);
  account.cloud.calls.length = 0;
  expect(await publishFunction(tools)).toEqual({ ...first, outcome: 'unchanged' });
  expect(account.cloud.calls.map(({ operation }) => operation).sort()).toEqual(['DescribeFunction', 'GetFunction']);
});
