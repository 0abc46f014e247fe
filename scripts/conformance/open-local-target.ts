import { type ControlPlane, openControlPlane } from '../../local/aws/control-plane.ts';
import { type Edge, openEdge } from '../../local/edge/edge.ts';
import { type FunctionUrls, openFunctionUrls } from '../../local/origin/function-urls.ts';
import { resolveOnLoopback } from '../../local/resolve-on-loopback.ts';
import { openEngine } from '../../local/runtime/engine.ts';
import { openKitAws, openServiceCaller } from '../../src/aws/call-service.ts';
import { type ConformanceTarget, sendViewerCall } from '../../src/conformance/target.ts';
import { checkSyntax } from '../../src/edge/gate/check-syntax.ts';
import { findNjs } from '../../src/edge/njs/njs.ts';

export interface LocalTarget {
  target: ConformanceTarget;
  controlPlane: ControlPlane;
  functionUrls: FunctionUrls;
  close(): Promise<void>;
}

const accountId = '111122223333';

/** Without njs functions run in workerd, whose engine orders names that look like integers by their value. */
const needNjs = ['built-in-integer-names'];

/** A local cloud of its own, which the kit asks as if it were AWS: the real SDK clients, and HTTP to the edge. */
export async function openLocalTarget({ path, log }: { path: string | undefined; log?: (line: string) => void }): Promise<LocalTarget> {
  const njs = findNjs(path);
  const runtime = await openEngine({ engine: 'auto', njs, checkSyntax, ...(log && { log }) });
  const controlPlane = await openControlPlane({ accountId, runtime, provisionMs: 5, deployMs: 20 });
  const functionUrls = await openFunctionUrls();
  const edges = new Map<string, Promise<Edge>>();
  const openEdgeOf = (distributionId: string) =>
    openEdge({
      distributionId,
      published: controlPlane.published,
      runtime,
      propagation: { delayMs: 60 },
      resolveOrigin: (domainName, port, protocol) =>
        resolveOnLoopback(domainName.endsWith('.on.aws') ? functionUrls.port : undefined, domainName, port, protocol),
    });
  const callAws = openServiceCaller(openKitAws({ env: {}, local: { controlPlane: controlPlane.url } }), 'us-east-1');
  return {
    controlPlane,
    functionUrls,
    target: {
      name: 'local',
      ...(njs === undefined && { leavesOut: needNjs }),
      accountId,
      region: 'us-east-1',
      call: (service, operation, input) =>
        service === 'lambda' || service === 'iam' ? functionUrls.call(service, operation, input) : callAws(service, operation, input),
      async request({ id, domain }, call) {
        const edge = edges.get(id) ?? openEdgeOf(id);
        edges.set(id, edge);
        const headers = { host: domain, 'x-local-viewer-country': 'SG', 'x-local-viewer-proto': call.scheme ?? 'https' };
        return sendViewerCall({ hostname: '127.0.0.1', port: (await edge).port, secure: false, headers }, call);
      },
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      now: Date.now,
      pace: { pollMs: 5, deployMs: 30_000, sampleMs: 5, maxSamples: 600, rounds: 2, afterSamples: 10 },
    },
    async close() {
      for (const edge of edges.values()) await (await edge).close();
      await controlPlane.close();
      await functionUrls.close();
      await runtime.close();
    },
  };
}
