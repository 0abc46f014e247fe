import type { LiveDistribution } from '../aws/distribution.ts';
import { isRecord } from '../text/is-record.ts';
import { formatTable, paint } from '../text/terminal-text.ts';
import { type ConfigChange, fromTree } from './config-tree.ts';
import type { DistributionPlan, Kept } from './plan.ts';

const signs = { add: ['+', 'green'], remove: ['-', 'red'], change: ['~', 'yellow'] } as const;

/** A plan as JSON, secrets hidden. */
export function describePlan(plan: DistributionPlan) {
  const { live, changes, kept } = plan;
  return {
    distribution: live === undefined ? null : { id: live.id, domainName: live.domainName },
    changes: changes.map((change) => describeChange(change)),
    kept: kept.map(({ path, value }) => ({ path, value: hideSecrets(fromTree(value), path) })),
    hazards: plan.hazards.map(({ kind, message }) => ({ kind, message })),
  };
}

export function describeChange({ kind, path, before, after }: ConfigChange) {
  return { kind, path, before: hideSecrets(before, path) ?? null, after: hideSecrets(after, path) ?? null };
}

/** What would be added, changed and removed, and what stays although the file does not mention it. */
export function formatPlan(plan: DistributionPlan, colour: boolean): string[] {
  const { live, changes, kept } = plan;
  return [
    live === undefined ? 'a new distribution' : `distribution ${live.id} (${live.domainName})`,
    ...formatChanges(changes, colour),
    ...formatKept(kept, colour),
    ...plan.hazards.map(({ kind, message }) => `  ${paint(colour, kind === 'note' ? 'yellow' : 'red', '!')} ${message}`),
    formatCount(plan),
  ];
}

/** `distribution E1 (d1.cloudfront.net) is updated and deployed`. */
export function formatOutcome({ id, domainName, isDeployed }: LiveDistribution, what: string): string {
  return `distribution ${id} (${domainName}) is ${what}${isDeployed ? ' and deployed' : ', and being deployed'}`;
}

/** One line per change; the fields of an item that is added below it. */
export function formatChanges(changes: readonly ConfigChange[], colour: boolean): string[] {
  return changes.flatMap((change) => {
    const [sign, style] = signs[change.kind];
    const line = (text: string) => `  ${paint(colour, style, sign)} ${text}`;
    const [before, after] = [hideSecrets(change.before, change.path), hideSecrets(change.after, change.path)];
    if (change.kind === 'change') {
      const same = JSON.stringify(before) === JSON.stringify(after) ? ' (another value)' : '';
      return [line(`${change.path}: ${formatValue(before)} → ${paint(colour, 'bold', formatValue(after))}${same}`)];
    }
    if (change.kind === 'remove' || change.path.endsWith(`[${String(after)}]`)) return [line(change.path)];
    const fields = listFields(after).filter(([, value]) => !change.path.endsWith(`[${String(value)}]`));
    if (fields.length === 0) return [line(`${change.path}: ${formatValue(after)}`)];
    return [line(change.path), ...formatTable(fields.map(([path, value]) => [`      ${path}`, formatValue(value)]))];
  });
}

function formatKept(kept: readonly Kept[], colour: boolean): string[] {
  if (kept.length === 0) return [];
  const rows = kept.map(({ path, value }) => [`    ${path}`, shorten(formatValue(hideSecrets(fromTree(value), path)))]);
  return [
    `  ${paint(colour, 'dim', 'kept, because distribution.json does not mention it; --drop <path> removes it:')}`,
    ...formatTable(rows),
  ];
}

function formatCount({ changes, kept, isOwn }: DistributionPlan): string {
  if (changes.length === 0) return kept.length === 0 ? 'nothing to do' : `nothing to do; ${kept.length} kept`;
  const count = (kind: ConfigChange['kind']) => changes.filter((change) => change.kind === kind).length;
  const rest = isOwn ? 'everything else stays as it is' : `${kept.length} kept`;
  return `${count('add')} to add, ${count('change')} to change, ${count('remove')} to remove, ${rest}`;
}

/** Fields that hold a value or a list, by path, without counts. */
function listFields(value: unknown, path = ''): [string, unknown][] {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return path === '' ? [] : [[path, value]];
  return Object.entries(value).flatMap(([name, field]) => {
    if (name === 'Quantity') return [];
    return listFields(field, name === 'Items' ? path : path === '' ? name : `${path}.${name}`);
  });
}

function formatValue(value: unknown): string {
  if (value === undefined) return 'not set';
  // Quotes make outer spaces and control characters visible.
  if (typeof value === 'string') return /^[^\s\p{C}]([^\p{C}]*[^\s\p{C}])?$/u.test(value) ? value : JSON.stringify(value);
  if (Array.isArray(value)) return value.map(formatItem).join(', ') || 'none';
  return JSON.stringify(value);
}

/** An item of a list by its values alone: `viewer-request arn:…`. */
function formatItem(item: unknown): string {
  const values = isRecord(item) ? Object.values(item) : [item];
  return values.map(formatValue).join(' ');
}

function shorten(text: string): string {
  return text.length > 100 ? `${text.slice(0, 99)}…` : text;
}

const hidden = '(hidden)';

/** Origin headers that are public: a wrong region must be visible in a plan. */
const openHeaders = ['x-region'];

/**
 * The value as it may be printed. Plans end up in CI logs, and custom headers carry the secret that admits CloudFront
 * to an origin.
 */
export function hideSecrets(value: unknown, path: string): unknown {
  const header = /\.CustomHeaders\[([^\]]*)\]\.HeaderValue$/.exec(path)?.[1];
  if (header !== undefined) return value === undefined || openHeaders.includes(header) ? value : hidden;
  return hideInside(value);
}

function hideInside(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hideInside);
  if (value === null || typeof value !== 'object') return value;
  const fields = value as Record<string, unknown>;
  const isSecret = 'HeaderValue' in fields && !openHeaders.includes(String(fields['HeaderName']).toLowerCase());
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, isSecret && name === 'HeaderValue' ? hidden : hideInside(field)]),
  );
}
