import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { openFunctionRuntime } from '../../../local/runtime/function-runtime.ts';
import { openKeyValueStore } from '../../../src/aws/key-value-store.ts';
import { type EdgeConfig, parseEdgeConfig } from '../../../src/config/edge-config.ts';
import { buildViewerEvent, someIp } from '../../../src/edge/ask/ask.ts';
import type { FunctionRuntime } from '../../../src/edge/execution.ts';
import type { Fixture } from '../../../src/publish/fixtures.ts';
import { formatPublishEvent } from '../../../src/publish/format-publish.ts';
import type { Candidate } from '../../../src/publish/publish-tools.ts';
import type { RollbackTools } from '../../../src/publish/rollback.ts';
import { hashCode } from '../../../src/publish/stage.ts';
import { readHistory, type StoredRecord } from '../../../src/publish/versions.ts';
import edgeConfig from '../../fixtures/sample/edge.config.ts';
import { createReadyStore, type LocalAccount, openLocalAccount } from '../control-plane/open-local-account.ts';

/** A local account with a READY store, and people who publish to it. */
export interface TestPublisher {
  account: LocalAccount;
  storeArn: string;
  /**
   * The tools of one person; what is not given is quick: no engine but the one behind TestFunction, no real waiting.
   */
  tools(more?: Partial<RollbackTools>): RollbackTools;
  /** What each step said, by all tools. */
  lines: string[];
  /** Operations since the last time this was asked. */
  operations(): string[];
  /** The bytes, hash and store of what viewers get. */
  live(): { sha256: string; keyValueStoreArn: string | undefined } | undefined;
  history(): Promise<StoredRecord[]>;
  close(): Promise<void>;
}

export const sampleConfig: EdgeConfig = parseEdgeConfig(edgeConfig);

/** The sample with one more country for Europe: other code. */
export function configFor(country: string): EdgeConfig {
  return { ...sampleConfig, routes: [...sampleConfig.routes, { countries: [country], order: ['europe', 'singapore'] }] };
}

/** Code of no importance, quick to publish: no build and no gate. */
export function sampleCandidate(text: string): Candidate {
  const code = Buffer.from(`function handler(event) { /* ${text} */ return event.request; }`);
  return { code, sha256: hashCode(code), revision: '1a2b3c4d5e' };
}

/** One fixture that such code meets. */
export const sampleFixtures: Fixture[] = [
  {
    name: 'sample',
    event: buildViewerEvent({ country: 'IN', method: 'GET', ip: someIp }),
    expectation: { request: { uri: '/', headers: { 'cloudfront-viewer-country': 'IN' } } },
  },
];

/** Starts no workerd: `runtime` is shared by a whole file. */
export async function openTestPublisher(runtime: FunctionRuntime, provisionMs = 5): Promise<TestPublisher> {
  const account = await openLocalAccount({ runtime, provisionMs });
  const { arn } = await createReadyStore(account, sampleConfig.keyValueStoreName);
  const lines: string[] = [];
  const sleep = async () => undefined;
  const random = () => 0;
  account.cloud.calls.length = 0;
  return {
    account,
    storeArn: arn,
    lines,
    tools: (more = {}) => ({
      cloudFront: account.cloudfront,
      keyValueStoreArn: arn,
      openStore: async () => openKeyValueStore(account.keyValueStore, arn, { sleep, random }),
      config: sampleConfig,
      njs: undefined,
      fixtures: sampleFixtures,
      by: 'ann@laptop',
      revision: '1a2b3c4d5e',
      report: (event) => lines.push(...formatPublishEvent(event, { columns: 80, colour: false })),
      sleep,
      random,
      ...more,
    }),
    operations: () => account.cloud.calls.splice(0).map(({ operation }) => operation),
    live: () => {
      const live = account.cloud.published.liveFunction('arn:aws:cloudfront::111122223333:function/origin-router');
      return live && { sha256: hashCode(Buffer.from(live.code)), keyValueStoreArn: live.keyValueStoreArn };
    },
    history: () => readHistory(openKeyValueStore(account.keyValueStore, arn, { sleep, random })),
    close: () => account.close(),
  };
}

interface UsedPublisher extends TestPublisher {
  runtime: FunctionRuntime;
  /** Another one in its place, within a test. */
  renew(): Promise<void>;
}

/** A new publisher for each test of a file, on one runtime for all of them. */
export function usePublisher(prepare: (publisher: TestPublisher) => Promise<void> = async () => {}): UsedPublisher {
  let runtime: Awaited<ReturnType<typeof openFunctionRuntime>>;
  let publisher: TestPublisher;
  beforeAll(async () => {
    runtime = await openFunctionRuntime();
  });
  afterAll(() => runtime.close());
  const open = async () => {
    publisher = await openTestPublisher(runtime);
    await prepare(publisher);
  };
  beforeEach(open);
  afterEach(() => publisher.close());
  return {
    get runtime() {
      return runtime;
    },
    get account() {
      return publisher.account;
    },
    get storeArn() {
      return publisher.storeArn;
    },
    get lines() {
      return publisher.lines;
    },
    tools: (more) => publisher.tools(more),
    operations: () => publisher.operations(),
    live: () => publisher.live(),
    history: () => publisher.history(),
    close: () => publisher.close(),
    renew: async () => {
      await publisher.close();
      await open();
    },
  };
}
