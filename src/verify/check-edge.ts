import type { EdgeConfig, HttpSignal } from '../config/edge-config.ts';
import { defaultHttpSignal } from '../config/flipper-schema.ts';
import { checkResponse } from '../probe/check-response.ts';
import { groupByRegion, localCountryHeader, localIpHeader, readRegion } from '../probe/edge-view.ts';
import type { HttpAnswer } from '../probe/probe.ts';
import type { Asker, Expected } from './expected-origins.ts';
import type { VerifyRow } from './samples.ts';
import { judgeSamples, type Sampling, takeSamples } from './samples.ts';

export interface EdgeCheck extends Sampling {
  config: Pick<EdgeConfig, 'origins'>;
  url: URL;
  isLocal: boolean;
  /** Path and query of the health check. */
  path: string;
  /** Whole request. */
  timeoutMs: number;
}

/** What one viewer gets through the edge; undefined when interrupted before the first result. */
export async function checkEdge(asker: Asker, expected: Expected, check: EdgeCheck): Promise<VerifyRow | undefined> {
  const { url, isLocal, path, samples: count, timeoutMs, network, signal } = check;
  const protocol = url.protocol === 'https:' ? 'https' : 'http';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const samples = await takeSamples(
    {
      protocol,
      domainName: host,
      port: Number(url.port) || (protocol === 'https' ? 443 : 80),
      host: url.hostname,
      headers: { 'cache-control': 'no-cache', ...(isLocal ? describeViewer(asker) : {}) },
      path,
      connectTimeoutMs: timeoutMs,
      timeoutMs,
    },
    count,
    { ...network, signal },
  );
  const { answers, broken } = samples;
  if (answers.length === 0 && broken === undefined) return undefined;
  const judged = answers.map((answer) => judgeAnswer(answer, expected, check.config));
  const failures = [
    ...(broken === undefined ? [] : [`${broken.failure.class}: ${broken.failure.detail}`]),
    ...judged.flatMap(({ failure }) => failure ?? []),
  ];
  const warnings = judged.flatMap(({ warning }) => warning ?? []);
  return {
    way: 'edge',
    who: asker.name,
    expected: expected.right,
    went: [...new Set(judged.flatMap(({ origins }) => origins))],
    ...judgeSamples(samples, { failures, warnings }, check),
  };
}

function describeViewer({ viewers: [viewer] }: Asker): Record<string, string> {
  return {
    ...(viewer === undefined ? {} : { [localIpHeader]: viewer.ip }),
    ...(viewer?.country === undefined ? {} : { [localCountryHeader]: viewer.country }),
  };
}

function judgeAnswer(
  answer: HttpAnswer,
  { right, fallback, isRecordKnown }: Expected,
  config: Pick<EdgeConfig, 'origins'>,
): { origins: readonly string[]; failure?: string; warning?: string } {
  const { status, headers, body } = answer;
  if (status >= 300 && status < 400)
    return { origins: [], failure: `status ${status}: redirects to ${String(headers['location'])}, which is not followed` };
  const region = readRegion(headers, body);
  if (region === undefined) return { origins: [], failure: checkContract(answer, '', defaultHttpSignal) ?? 'the answer has no region' };
  const origins = groupByRegion(config).get(region);
  if (origins === undefined)
    return { origins: [], failure: `answered ${status} from region ${JSON.stringify(region)}, which no origin has` };
  const problem = checkContract(answer, region, findSignal(config, origins));
  if (problem !== undefined) return { origins, failure: `${origins.join(' or ')} answers, but ${problem}` };
  if (right.length === 0) return { origins, warning: 'the function selects no origin by id: no expectation' };
  if (origins.some((origin) => right.includes(origin))) return { origins };
  const went = `answered by ${origins.join(' or ')}, expected ${right.join(' or ')}`;
  if (!origins.some((origin) => fallback.includes(origin))) return { origins, failure: went };
  if (!isRecordKnown) return { origins, warning: `${went} by configuration; the health record is not known` };
  return { origins, failure: `${went}: that origin failed this request, or the edge does not have the record yet` };
}

/** The flipper's checks of an answer, without the latency limit, which is about the path to the origin. */
function checkContract(answer: HttpAnswer, region: string, signal: HttpSignal): string | undefined {
  const { maxLatencyMs: _, ...checks } = signal;
  // A public health check may show its status only; the region then comes from the header.
  const json = isStatusOnly(answer.body) && 'status' in checks.json ? { status: checks.json['status'] as string } : checks.json;
  return checkResponse(answer, { ...checks, json }, region)?.detail;
}

function isStatusOnly(body: string): boolean {
  try {
    return Object.keys(JSON.parse(body) as object).join() === 'status';
  } catch {
    return false;
  }
}

function findSignal({ origins }: Pick<EdgeConfig, 'origins'>, ids: readonly string[]): HttpSignal {
  return ids.flatMap((id) => origins[id]?.signals ?? []).find((signal) => signal.type === 'http') ?? defaultHttpSignal;
}
