/** What a case asks of a target. All of it is data, so that a report can repeat it. */
export type CaseQuestion =
  /** Calls of the APIs, in order; the answer is that of the last one. */
  | { kind: 'calls'; calls: readonly ApiCall[]; pick?: Readonly<Record<string, Pick>> }
  /** One run of TestFunction: the body of a handler that sets `answer`, or a whole function. */
  | { kind: 'function'; body?: string; source?: string; event?: Readonly<Record<string, unknown>> }
  /** Requests of a viewer to the throw-away distribution. `edge` is what its function does for this case. */
  | { kind: 'edge'; edge?: string; requests: readonly ViewerCall[]; see: readonly string[] }
  | { kind: 'measure'; what: Measure };

export type Measure = 'write' | 'old-value' | 'missing-key' | 'publish' | 'burst' | 'utilization' | 'deploy';

/**
 * One call. Texts in `in` may contain `{run}`, the prefix of all names, and be a reference such as `$made.ETag` to the
 * output of an earlier call. `config` sets paths of a small distribution's config instead.
 */
export interface ApiCall {
  /** `PutKey` and its like are of the data plane when they begin with `kvs:`, the others of the control plane. */
  op: string;
  in?: Readonly<Record<string, unknown>>;
  config?: Readonly<Record<string, unknown>>;
  as?: string;
}

/** A value by its reference, whether it is there (`#made.ETag`), or whether two are equal. */
type Pick = string | readonly [string, string];

/** A request of a viewer to the distribution. */
export interface ViewerCall {
  path: string;
  /** Default GET. */
  method?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** Default https. */
  scheme?: 'http' | 'https';
  /** Asks for a WebSocket. */
  upgrade?: boolean;
}

export interface ViewerAnswer {
  status: number;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  body: string;
}

export type CaseGroup = 'control plane' | 'function runtime' | 'edge' | 'propagation';

export interface ConformanceCase {
  /** Stable: reports of different days and rows of local/README.md name it. */
  id: string;
  group: CaseGroup;
  /** In words, for the report. */
  question: string;
  ask: CaseQuestion;
  /** What the local cloud answers, normalized. */
  expect: unknown;
  /** Where that comes from, and how sure it is. */
  source: string;
  /** `free` needs functions and stores only; the others need the distribution. */
  needs: 'free' | 'distribution';
  /** The question that no page of AWS answers, where this case is about one. */
  open?: string;
}

/** What a target answered: `value` is compared, `note` is shown only. */
export interface CaseAnswer {
  value: unknown;
  note?: string;
}

export type CaseVerdict = 'same' | 'different' | 'could not ask';

/** Values of one run that must not be in a report. */
export interface Private {
  run: string;
  accountId: string;
  domains: readonly string[];
}

/** Without ids, dates, account ids, ARNs and domain names. */
export function normalizeText(text: string, { run, accountId, domains }: Private): string {
  const named = domains.filter((domain) => domain !== '').reduce((rest, domain) => rest.replaceAll(domain, '<domain>'), text);
  return named
    .replaceAll(run, '<run>')
    .replace(/arn:aws[\w-]*:[\w-]+:[\w-]*:\d*:[^\s"',)]+/g, '<arn>')
    .replaceAll(accountId, '<account>')
    .replace(/\b\d{12}\b/g, '<account>')
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<id>')
    .replace(/\b\d{4}-\d\d-\d\dT[\d:.]+Z?/g, '<time>')
    .replace(/\b[\w-]+\.(cloudfront\.net|lambda-url\.[\w-]+\.on\.aws)\b/g, '<domain>')
    .replace(/\b(E[A-Z0-9]{12,14}|KV[A-Z0-9]{8,})\b/g, '<id>');
}

export function normalizeValue(value: unknown, hidden: Private): unknown {
  if (typeof value === 'string') return normalizeText(value, hidden);
  if (Array.isArray(value)) return value.map((entry) => normalizeValue(entry, hidden));
  if (value instanceof Date) return '<time>';
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, entry]) => entry !== undefined)
      .map(([key, entry]) => [key, normalizeValue(entry, hidden)]),
  );
}

/** Equal whatever the order of the keys. */
export function sameAnswer(one: unknown, other: unknown): boolean {
  return stableJson(one) === stableJson(other);
}

function stableJson(value: unknown): string {
  return JSON.stringify(value, (_key, entry: unknown) =>
    typeof entry === 'object' && entry !== null && !Array.isArray(entry)
      ? Object.fromEntries(Object.entries(entry).sort(([one], [other]) => (one < other ? -1 : 1)))
      : entry,
  );
}
