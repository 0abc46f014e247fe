import { type HealthEntry, okRecord, parseHealthRecord, weightAt } from '../../kvs/health-record.ts';
import { auditHistory, parseAuditEntry, replayAudit } from '../../src/core/audit.ts';
import type { Core } from './core.ts';
import { type Bucket, buckets, landing } from './edge.ts';
import { type Landed, nextVersion, recordOf, type Told } from './turn.ts';
import { type Ghost, modelFailover, modelHealth, policyOf, type Setup, type StoreVersion, tickMs, unprobed, type World } from './world.ts';

/** A promise that the code under examination broke. */
export interface Breach {
  law: Law;
  detail: string;
}

export const laws = {
  stranded: 'no viewer stays on a dead origin who could be on a proven one beyond the stated time',
  unproven: 'no viewer is moved onto an origin that is not proven',
  'all-out': 'the flipper never leaves every origin out',
  'override-lost': 'an override stays until its end, a clear or a replacement; damage to it is repaired or reported',
  'sequence-back': 'the audit sequence strictly increases',
  'audit-false': 'the audit replays to the record',
  untold: 'each flip that landed is reported exactly once',
  'too-soon': 'failback waits for the hold-down and goes by its steps',
  'no-reason': 'a healthy origin loses viewers only for a bad probe during failback',
  restless: 'the world comes to rest at home',
  disagree: 'the edge and the flipper read a record alike',
  crash: 'no part of the core throws',
} as const;
export type Law = keyof typeof laws;

/** Ticks after which an origin that is up counts as proven for every flipper that is awake. */
export const provenTicks = modelHealth.healthyThreshold + 2;

/**
 * Ticks that viewers may be on a dead origin: the probes of a verdict, the tick of the write, the tick of the edge, the
 * minimum delay of an opposite flip.
 */
const strandedTicks = modelHealth.unhealthyThreshold + 2;

/** A bad probe during failback ends it with the next write. */
const rampTicks = 0;

/** A write that was lost is written again this much later, with the times of the first. */
const toleranceMs = 2_000;

/** A gray origin is known after the failure rate's window. */
const grayTicks = 8;

/** Ticks after which a flipper that has a reason to doubt its memory has read the store. */
export const recheckTicks = 7;

/**
 * Entries of the record; none when it is unreadable, as one with an end of more digits than any second of a Date has.
 */
export function entriesOf(store: StoreVersion): readonly HealthEntry[] {
  const entries = parseHealthRecord(recordOf(store) ?? okRecord) ?? [];
  return entries.every(({ until = 0 }) => until < 1e12) ? entries : [];
}

/** Entries in force that expire: an operator's, by origin; the first one of an origin counts. */
export function pinnedIn(entries: readonly HealthEntry[], at: number): Map<string, HealthEntry> {
  const seconds = Math.floor(at / 1_000);
  const pinned = new Map<string, HealthEntry>();
  const settled = new Set<string>();
  for (const entry of entries) {
    if (settled.has(entry.origin) || (entry.until !== undefined && entry.until <= seconds)) continue;
    settled.add(entry.origin);
    if (entry.until !== undefined) pinned.set(entry.origin, entry);
  }
  return pinned;
}

function automaticIn(entries: readonly HealthEntry[], origin: string): number {
  return entries.find((entry) => entry.origin === origin && entry.until === undefined)?.weight ?? 100;
}

/** Judges one write of a flipper at the moment it lands. */
export function judgeWrite(core: Core, setup: Setup, world: World, index: number, landed: Landed, ghost: Ghost): Breach[] {
  const { before, change, verdicts, probed, at } = landed;
  const breaches: Breach[] = [];
  const breach = (law: Law, detail: string) => breaches.push({ law, detail });
  const after = nextVersion(before, change, at);
  const policy = policyOf(setup);
  const [was, is] = [entriesOf(before), entriesOf(after)];
  const seconds = Math.floor(at / 1_000);
  const [from, to] = [recordOf(before) ?? okRecord, recordOf(after) ?? okRecord];
  const flipper = world.flippers[index];
  const isClockWrong = at < ghost.clockDoubtUntil || world.flippers.some(({ skewMs }) => skewMs !== 0);
  // What damage took may come back with the next write: it is judged as the record that was meant.
  const isRepair = ghost.isDamaged || ghost.overrideDueAt !== undefined || at < ghost.graceUntil;

  for (const [origin, { weight, until }] of pinnedIn(was, at))
    if (pinnedIn(is, at).get(origin)?.weight !== weight || pinnedIn(is, at).get(origin)?.until !== until)
      breach('override-lost', `${from} became ${to}`);

  const isOut = (entries: readonly HealthEntry[]) => policy.origins.every((id) => weightAt(entries, id, seconds) === 0);
  if (isOut(is) && !isOut(was)) breach('all-out', `${from} became ${to}`);
  if (policy.origins.every((id) => automaticIn(is, id) < 100)) breach('all-out', `automatic weights in ${to}`);

  const entry = change.puts.map(({ value }) => parseAuditEntry(value)).find((found) => found !== undefined);
  if (entry === undefined) breach('audit-false', `the write of ${to} has no audit entry`);
  else {
    // With state and audit gone together, only the writer's own memory has a number to go on from. It counts also when
    // another writer has begun again.
    const remembered = world.flippers[index]?.memory?.live?.state.sequence ?? 0;
    const highest = ghost.isForgotten ? remembered : Math.max(ghost.maxSequence, remembered);
    if (entry.sequence <= highest) breach('sequence-back', `#${entry.sequence} after #${highest}`);
    // After damage it goes on from the record that was meant, or the last one that it or the audit knows of.
    const knownRecords = [ghost.meant, flipper?.memory?.live?.text, auditHistory(before.values)[0]?.to];
    const isContinued = isRepair && knownRecords.includes(entry.from);
    if (entry.to !== to || (entry.from !== undefined && entry.from !== from && !isContinued))
      breach('audit-false', `#${entry.sequence} says ${entry.from} became ${entry.to}, but ${from} became ${to}`);
    const [newest] = auditHistory(after.values);
    if (entry.sequence > highest && newest?.to !== to)
      breach('audit-false', `the newest entry leads to ${newest?.to}, the record is ${to}`);
    const { gaps } = replayAudit(auditHistory(after.values).slice(0, 2));
    if (gaps.includes(entry.sequence) && !isRepair) breach('audit-false', `#${entry.sequence} does not follow from the entry before it`);
  }

  const rescues = policy.origins.filter((id) => automaticIn(is, id) < automaticIn(was, id));
  for (const origin of policy.origins) {
    const [old, now] = [automaticIn(was, origin), automaticIn(is, origin)];
    const verdict = verdicts[origin];
    const known = probed[origin] ?? unprobed;
    if (now > old) {
      const goodAgo = at - known.goodAt;
      const unhealthyAgo = at - known.unhealthyAt;
      if (verdict !== 'healthy') breach('unproven', `${origin} ${old} to ${now} although it is ${verdict}`);
      else if (goodAgo > 2 * tickMs) breach('unproven', `${origin} ${old} to ${now} on a probe of ${goodAgo / 1_000} s ago`);
      else if (unhealthyAgo < modelHealth.healthyThreshold * tickMs && setup.signals === 1)
        breach('unproven', `${origin} ${old} to ${now} within ${unhealthyAgo / 1_000} s of being unhealthy`);
      if (
        rescues.length > 0 ||
        isClockWrong ||
        isRepair ||
        policy.origins.some((id) => world.truth[id] !== 'up' || verdicts[id] !== 'healthy')
      )
        continue;
      if (old === 0 && at - (ghost.outAt[origin] ?? 0) < modelFailover.holdDownMs - toleranceMs)
        breach('too-soon', `${origin} ${old} to ${now} within the hold-down`);
      if (old > 0 && at - (ghost.raisedAt[origin] ?? 0) < modelFailover.rampStepMs - toleranceMs)
        breach('too-soon', `${origin} ${old} to ${now} within a ramp step`);
      if (now > (modelFailover.ramp.find((step) => step > old) ?? 100)) breach('too-soon', `${origin} ${old} to ${now} in one step`);
    } else if (now < old && !isRepair) {
      const isAborted = old < 100 && known.badAt > 0;
      const isRestored = flipper?.memory?.live?.automatic[origin] === now || to === ghost.meant;
      // An unproven origin makes room for viewers of a dead one on their way to a proven one.
      const isInTheWay = verdict === 'unknown' && rescues.some((id) => verdicts[id] === 'unhealthy');
      const isSpared = isAborted || isRestored || isInTheWay || flipper?.blindTo === origin;
      if (verdict === 'healthy' && !isSpared) breach('no-reason', `${origin} ${old} to ${now} although it is healthy`);
      const unhealthyAgo = at - known.unhealthyAt;
      if (
        old === 100 &&
        unhealthyAgo > modelHealth.healthyThreshold * tickMs &&
        setup.signals === 1 &&
        !setup.rate &&
        world.truth[origin] !== 'gray' &&
        !isSpared
      )
        breach('no-reason', `${origin} ${old} to ${now} ${unhealthyAgo / 1_000} s after it was last unhealthy`);
      // Most of its signals say nothing or good: the one that says bad is not a majority.
      const isOutvoted = world.truth[origin] === 'hush' || world.truth[origin] === 'dissent' || world.truth[origin] === 'silent';
      const isCalm = at - (ghost.badAt[origin] ?? 0) > 3 * tickMs;
      if (isOutvoted && isCalm && !isSpared) breach('no-reason', `${origin} ${old} to ${now} although it is ${world.truth[origin]}`);
    }
  }

  const pinned = pinnedIn(is, at);
  for (const order of policy.orders)
    for (const bucket of buckets) {
      const [then, next] = [landing(core, from, order, bucket, at), landing(core, to, order, bucket, at)];
      // What damage took is put back as it was, whatever this flipper thinks of it.
      if (next === then || verdicts[next] === 'healthy' || (isRepair && to === ghost.meant)) continue;
      if (!order.some((id) => verdicts[id] === 'healthy' && (pinned.get(id)?.weight ?? 100) > bucket)) continue;
      const isVouchedFor = (pinned.get(next)?.weight ?? 0) > bucket && (verdicts[next] !== 'unhealthy' || verdicts[then] === 'unhealthy');
      if (!isVouchedFor) breach('unproven', `bucket ${bucket} of ${order} moved from ${then} to ${next}, which is ${verdicts[next]}`);
    }
  return breaches;
}

/** What a write leaves in the checker's memory. */
export function rememberWrite(
  ghost: Ghost,
  setup: Setup,
  by: string,
  { before, change, at, verdicts }: Pick<Landed, 'before' | 'change' | 'at'> & Partial<Landed>,
): Ghost {
  const after = nextVersion(before, change, at);
  const [was, is] = [entriesOf(before), entriesOf(after)];
  const entry = change.puts.map(({ value }) => parseAuditEntry(value)).find((found) => found !== undefined);
  const outAt = { ...ghost.outAt };
  const raisedAt = { ...ghost.raisedAt };
  for (const origin of entry?.kind === 'automatic' ? policyOf(setup).origins : []) {
    const [old, now] = [automaticIn(was, origin), automaticIn(is, origin)];
    // What made room although nothing was known about it comes back as soon as it is proven.
    if (now === 0 && old > 0 && verdicts?.[origin] !== 'unknown') outAt[origin] = at;
    if (now > old) raisedAt[origin] = at;
  }
  const isFlip = entry?.kind === 'automatic' && by.startsWith('flipper');
  return {
    ...ghost,
    outAt,
    raisedAt,
    meant: entry?.to ?? ghost.meant,
    maxSequence: entry === undefined ? ghost.maxSequence : ghost.isForgotten ? entry.sequence : Math.max(ghost.maxSequence, entry.sequence),
    isForgotten: ghost.isForgotten && entry === undefined,
    isDamaged: ghost.isDamaged && !by.startsWith('flipper'),
    untold: isFlip ? { ...ghost.untold, [`${by}/${entry.sequence}`]: at + 2 * tickMs } : ghost.untold,
  };
}

/** Compares what a flipper reported in a turn with what it did. */
export function judgeReports(ghost: Ghost, by: string, told: readonly Told[], isDoubtful: boolean): { ghost: Ghost; breaches: Breach[] } {
  const breaches: Breach[] = [];
  let { untold, override, overrideDueAt } = ghost;
  for (const event of told) {
    if (event.event === 'flip') {
      const key = `${by}/${event.sequence}`;
      if (!(key in untold) && !isDoubtful)
        breaches.push({ law: 'untold', detail: `${by} reports flip #${event.sequence} a second time, or it never landed` });
      const { [key]: _, ...rest } = untold;
      untold = rest;
    } else if (isDamageReport(event) && overrideDueAt !== undefined) {
      // The operator has been notified: what becomes of the override is theirs.
      override = undefined;
      overrideDueAt = undefined;
    } else if (event.event === 'store-failed' && event.code === 'BUG')
      breaches.push({ law: 'crash', detail: event.message.split('\n')[0] ?? '' });
  }
  return { ghost: { ...ghost, untold, override, overrideDueAt }, breaches };
}

function isDamageReport({ event }: { event: string }): boolean {
  return event === 'store-damaged';
}

/** Judges the moment after a tick. */
export function judgeTick(core: Core, setup: Setup, world: World): { ghost: Ghost; breaches: Breach[] } {
  const { at, store, edges, truth } = world;
  let { ghost } = world;
  const breaches: Breach[] = [];
  const policy = policyOf(setup);
  const isAttended = world.flippers.some(
    ({ running, frozenUntil, awake, blindTo }) => running && frozenUntil <= at && awake > provenTicks && blindTo === undefined,
  );

  const stranded: Record<string, number> = {};
  for (const [edge, { record, heldUntil }] of edges.entries())
    for (const [place, order] of policy.orders.entries())
      for (const bucket of buckets) {
        const origin = landing(core, record, order, bucket, at);
        // Without a failure rate nothing is promised about an origin that fails now and then.
        const isPromised = truth[origin] === 'down' || (truth[origin] === 'gray' && setup.rate === true);
        const isBad =
          isPromised && isAttended && at > ghost.graceUntil && heldUntil <= at && isStranded(world, order, bucket, origin, record);
        const key = `${edge}${place}${bucket}`;
        if (!isBad) continue;
        const ticks = (ghost.stranded[key] ?? 0) + 1;
        stranded[key] = ticks;
        const weight = automaticIn(parseHealthRecord(record ?? okRecord) ?? [], origin);
        const isRamp = weight > bucket && weight < 100 && truth[origin] === 'down';
        if (ticks > (isRamp ? rampTicks : truth[origin] === 'gray' ? grayTicks : strandedTicks))
          breaches.push({
            law: 'stranded',
            detail: `edge ${edge + 1} sends bucket ${bucket} of ${order} to ${origin}, which is ${truth[origin]}, for ${ticks} ticks; the record there is ${record}`,
          });
      }

  let { override, overrideDueAt } = ghost;
  if (override !== undefined && override.until <= at) {
    override = undefined;
    overrideDueAt = undefined;
  }
  if (override !== undefined) {
    const pinned = pinnedIn(entriesOf(store), at);
    const isThere = Object.entries(override.weights).every(([id, weight]) => pinned.get(id)?.weight === weight);
    if (isThere) overrideDueAt = undefined;
    else if (overrideDueAt === undefined)
      breaches.push({
        law: 'override-lost',
        detail: `the record is ${recordOf(store)}, an operator holds ${JSON.stringify(override.weights)}`,
      });
    else if (!isAttended) overrideDueAt = Math.max(overrideDueAt, at + recheckTicks * tickMs);
    else if (at > overrideDueAt)
      breaches.push({ law: 'override-lost', detail: `neither back nor reported; the record is ${recordOf(store)}` });
  }

  const untold: Record<string, number> = {};
  for (const [key, dueAt] of Object.entries(ghost.untold)) {
    if (at <= dueAt) untold[key] = dueAt;
    else breaches.push({ law: 'untold', detail: `${key.replace('/', ' never reported flip #')}` });
  }
  ghost = { ...ghost, stranded, override, overrideDueAt, untold };
  return { ghost, breaches };
}

/** A viewer is on a dead origin, no override put them there, and a proven one could have them. */
function isStranded(
  { at, truth, ghost }: World,
  order: readonly string[],
  bucket: Bucket,
  origin: string,
  record: string | undefined,
): boolean {
  const pinned = pinnedIn(parseHealthRecord(record ?? okRecord) ?? [], at);
  const holds = pinned.get(origin);
  if (holds !== undefined && holds.weight > bucket) return false;
  return order.some((id) => {
    const weight = pinned.get(id)?.weight ?? 100;
    return truth[id] === 'up' && (ghost.proven[id] ?? 0) >= provenTicks && weight > bucket;
  });
}
