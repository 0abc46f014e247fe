import { createHash } from 'node:crypto';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { openAws } from '../../src/aws/clients.ts';
import type { Io } from '../../src/cli/io.ts';
import type { EdgeConfig } from '../../src/config/edge-config.ts';
import type { LocalCloud } from '../../src/config/local-cloud.ts';
import type { AnyRuntime, Asked } from '../../src/edge/ask/ask.ts';
import type { FunctionSource } from '../../src/edge/execution.ts';
import { EdgeError } from '../../src/errors.ts';
import type { EdgeExpectation, ExpectByLive, ViewerChoice } from '../../src/failover/verify-edge.ts';
import { healthPath } from '../../src/probe/edge-view.ts';
import { expectByFunction, listAskers } from '../../src/verify/expected-origins.ts';
import { openRuntime } from '../function/open-runtime.ts';

export interface LiveExpectations {
  expectByLive: ExpectByLive;
  close(): Promise<void>;
}

/** A publish is seen after this long by a status that is watched. */
const keptMs = 30_000;

/**
 * Runs the LIVE function, which is read at once and for the first time here. What that must not do is delay a status:
 * `timeoutMs` after the call it is given up.
 */
export function openLiveExpectations(config: EdgeConfig, local: LocalCloud | undefined, timeoutMs: number, io: Io): LiveExpectations {
  const read = async (): Promise<{ source: FunctionSource; runtime: AnyRuntime }> => {
    const [source, opened] = await Promise.all([readLive(config, local, io), runtime]);
    return { source, runtime: opened };
  };
  const runtime = openRuntime(io);
  let readAt = io.now();
  let live = read();
  // Reported when the result is needed.
  runtime.catch(() => undefined);
  live.catch(() => undefined);
  const timedOut = `LIVE was not read and run within ${timeoutMs / 1_000} s`;
  return {
    expectByLive: async (records, viewers) => {
      if (io.now() - readAt > keptMs) {
        readAt = io.now();
        live = read();
      }
      const done = new AbortController();
      const run = async () => {
        const found = await live;
        return expectByCode(
          { ...found, now: io.now(), origins: config.origins, keyPrefix: config.keyPrefix },
          records,
          viewers,
          healthPath(config),
        );
      };
      const late = sleepFor(timeoutMs, timedOut, { signal: done.signal });
      late.catch(() => undefined);
      try {
        return await Promise.race([run(), late]);
      } catch (error) {
        // The next one may succeed.
        readAt = Number.NEGATIVE_INFINITY;
        if (io.signal.aborted || !(error instanceof EdgeError)) throw error;
        return error.message;
      } finally {
        done.abort();
      }
    },
    close: async () => {
      await (await runtime.catch(() => undefined))?.close();
    },
  };
}

async function readLive(config: EdgeConfig, local: LocalCloud | undefined, io: Io): Promise<FunctionSource> {
  const [client, { readFunctionCode }] = await Promise.all([
    openAws({ env: io.env, local }).cloudFront(),
    import('../../src/aws/function.ts'),
  ]);
  const code = await readFunctionCode(client, config.functionName, 'LIVE');
  if (code === undefined) throw new EdgeError('NOT_FOUND', `${config.functionName} was never published: nothing is LIVE`);
  return { code: Buffer.from(code).toString('utf8'), sha256: createHash('sha256').update(code).digest('hex') };
}

/** Who should answer each viewer, by running this function. */
async function expectByCode(
  asked: Asked,
  records: readonly string[],
  { routes, canChooseCountry, isShared }: ViewerChoice,
  path: string,
): Promise<EdgeExpectation[][]> {
  const askers = listAskers({ routes }, { isLocal: canChooseCountry, country: undefined, path, byAddress: isShared });
  return Promise.all(
    records.map(async (record) => {
      const expected = await expectByFunction(asked, record, askers);
      return askers.map(({ viewers }, index): EdgeExpectation => {
        const { right = [], fallback = [] } = expected[index] ?? {};
        const [viewer] = viewers;
        return { country: canChooseCountry ? viewer?.country : undefined, ip: viewer?.ip, allowed: right, covering: fallback };
      });
    }),
  );
}
