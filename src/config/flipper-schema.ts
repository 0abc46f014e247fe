import { z } from 'zod';
import { reportSourceText } from '../core/reports.ts';
import { isRecord } from '../text/is-record.ts';
import { awsRegionText, checkFailover, checkHealth } from './edge-config-rules.ts';

// The part of edge.config.ts that the flipper reads: evidence about an origin, verdicts, flips and notifications.

const milliseconds = z.int().min(1).max(86_400_000);
const threshold = z.int().min(1).max(100);

const awsRegion = z.string().regex(awsRegionText, 'a region is an AWS region code such as ap-southeast-1');
/** A bad verdict of this signal alone makes the origin unhealthy. */
const required = z.boolean().default(false);

export const httpSignal = z.strictObject({
  type: z.literal('http'),
  /** Path and query of the health check. */
  path: z.string().startsWith('/').default('/health'),
  /**
   * Host header and SNI of the probe, the name that viewers use. Default: the first alias in distribution.json, else
   * the origin’s DomainName.
   */
  host: z.string().min(1).optional(),
  /** Statuses that count as good. */
  statuses: z.array(z.int().min(100).max(599)).min(1).default([200]),
  /**
   * Fields that the JSON body must have, by dotted path; `{region}` is replaced by the origin's region. Default: none,
   * the status alone counts.
   */
  json: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  /**
   * With `true`, no top-level field of the body whose name ends in `_accessible` may be false. Otherwise such fields
   * are not read.
   */
  accessible: z.boolean().default(false),
  /** A good answer slower than this is a failure of class `timeout`. Default: no limit but the timeouts. */
  maxLatencyMs: milliseconds.optional(),
  required,
});

/** The health check of an origin that says nothing else. */
export const defaultHttpSignal = httpSignal.parse({ type: 'http' });

export const route53Signal = z.strictObject({
  type: z.literal('route53'),
  /** A Route 53 health check of this origin's own endpoint; a calculated one has no status that can be read. */
  healthCheckId: z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'a health check id is a UUID in lower case'),
  /** Older results of a health checker do not count. The default is three checks at Route 53's usual interval. */
  maxAgeMs: milliseconds.default(90_000),
  required,
});

export const alarmSignal = z.strictObject({
  type: z.literal('alarm'),
  /** A CloudWatch alarm, metric or composite, that goes off when this origin fails. */
  alarmName: z
    .string()
    .min(1)
    .max(255)
    .refine((name) => !/\p{Cc}/u.test(name), 'must have no control characters'),
  /** Where the alarm is. Default: the origin's region, which must then be one of AWS. */
  region: awsRegion.optional(),
  required,
});

export const reportedSignal = z.strictObject({
  type: z.literal('reported'),
  /**
   * Who reports: [monitors of your own](remote.md#monitors). A source has one opinion about an origin, which expires.
   * At most 8 such signals in all.
   */
  source: z.string().regex(reportSourceText, 'a source is 1 to 24 of a-z, 0-9 and "-", starting with a letter'),
  required,
});

export const signal = z.discriminatedUnion('type', [httpSignal, route53Signal, alarmSignal, reportedSignal]);

// A field of another type hides no rule about the others: compared with a number it is neither less nor more.
export const healthPolicy = z
  .strictObject({
    /** Time between probes of a healthy origin. */
    intervalMs: milliseconds.default(10_000),
    /**
     * Time between probes after a bad one, until the origin is unhealthy or `failureRate.minimum` probes in a row are
     * good. At most `intervalMs`.
     */
    fastIntervalMs: milliseconds.default(1_000),
    /** Time to connect. At most `timeoutMs`. */
    connectTimeoutMs: milliseconds.default(2_000),
    /** Time for the whole probe, connecting included. */
    timeoutMs: milliseconds.default(3_000),
    /** Bad probes in a row that make an origin unhealthy. */
    unhealthyThreshold: threshold.default(3),
    /** Good probes in a row that make it healthy. */
    healthyThreshold: threshold.default(5),
    /**
     * This share of failed probes makes an origin unhealthy, too, even when fewer than `unhealthyThreshold` of them
     * failed in a row.
     */
    failureRate: z
      .strictObject({
        /** Share of failed probes that makes an origin unhealthy. */
        share: z.number().gt(0).max(1).default(0.5),
        /** Older probes do not count. At least `minimum` times `fastIntervalMs`. */
        windowMs: milliseconds.default(60_000),
        /** A rate needs at least this many probes. */
        minimum: z.int().min(2).max(100).default(10),
      })
      .prefault({}),
  })
  .superRefine(checkHealth, { when: ({ value }) => isRecord(value) && isRecord(value['failureRate']) });

export const failoverPolicy = z
  .strictObject({
    /** No automatic failback for this long after a flip away from an origin. Each flap doubles it. */
    holdDownMs: milliseconds.default(300_000),
    /** The longest hold-down. At least `holdDownMs`. */
    maxHoldDownMs: milliseconds.default(3_600_000),
    /** The hold-down halves after each such time without a flap. */
    holdDownHalfLifeMs: milliseconds.default(900_000),
    /** Weights of the failback. They rise, and the last one is 100. */
    ramp: z.array(z.int().min(1).max(100)).min(1).default([10, 25, 50, 100]),
    /** Time between the steps of a failback. */
    rampStepMs: milliseconds.default(120_000),
    /** Minimum time between two automatic flips, except for a bad probe during failback. */
    minFlipIntervalMs: milliseconds.default(10_000),
    /**
     * How often a flipper asks whether another flipper, an operator or another tool has written; one API call. 0 when
     * no other flipper runs: then only `recheckMs` counts.
     */
    peerCheckMs: z.int().min(0).max(86_400_000).default(60_000),
    /** The same where no other flipper runs, for keys that another tool deletes or damages. */
    recheckMs: milliseconds.default(900_000),
  })
  .superRefine(checkFailover, { when: ({ value }) => isRecord(value) && Array.isArray(value['ramp']) });

export const environmentName = z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'an environment variable is A-Z, 0-9 and "_", starting with a letter');

const snsNotification = z.strictObject({
  type: z.literal('sns'),
  /** Environment variable with the ARN of a standard topic. */
  topicArnFrom: environmentName.default('FLIPPER_TOPIC_ARN'),
});

const webhookNotification = z.strictObject({
  type: z.literal('webhook'),
  /** Environment variable with the URL, because a webhook's URL is a secret. */
  urlFrom: environmentName.default('FLIPPER_WEBHOOK_URL'),
  /** Environment variable with the key of the HMAC-SHA256 signature. Default: not signed, as Slack takes it. */
  secretFrom: environmentName.optional(),
});

export const notification = z.discriminatedUnion('type', [snsNotification, webhookNotification]);
