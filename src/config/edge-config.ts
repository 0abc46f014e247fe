import { inspect } from 'node:util';
import { z } from 'zod';
import { isReservedKey } from '../../kvs/reserved-keys.ts';
import { EdgeError } from '../errors.ts';
import { pageOf } from '../text/typed.ts';
import {
  checkArns,
  checkDistributions,
  checkIds,
  checkKeys,
  checkPrefixedKeys,
  checkRegions,
  checkReported,
  checkServices,
  checkTester,
  checkVariables,
  findDroppedKeys,
  leavesTyped,
  suggestField,
} from './edge-config-rules.ts';
import {
  type alarmSignal,
  defaultHttpSignal,
  environmentName,
  failoverPolicy,
  healthPolicy,
  type httpSignal,
  notification,
  type reportedSignal,
  type route53Signal,
  signal,
} from './flipper-schema.ts';
import { pathPatternText } from './path-pattern.ts';
import {
  expandOrder,
  expandRoutes,
  order,
  route,
  service,
  testerSchema,
  type WrittenOrder,
  type WrittenRoute,
  type WrittenService,
} from './routing-schema.ts';

const resourceName = z.string().regex(/^[a-zA-Z0-9-_]{1,64}$/, 'a CloudFront name is 1 to 64 of a-z, A-Z, 0-9, "-" and "_"');
/** What CloudFront takes as an id. Not one that every object of JavaScript has: the edge looks ids up in an object. */
const originId = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, 'an origin id is 1 to 128 printable ASCII characters without spaces')
  .refine((id) => id !== '__proto__', 'every object of JavaScript has this name, so the edge cannot find the id; choose another one');
const keyPrefix = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, 'a key prefix is 1 to 32 of a-z, 0-9 and "-", starting with a letter, without the slash')
  .refine((prefix) => !isReservedKey(prefix) && !isReservedKey(`${prefix}/`), 'this name is one of the package’s own keys');
const retryHeader = z
  .string()
  .regex(/^[a-z0-9-]{1,64}$/, 'a header name is 1 to 64 of a-z, 0-9 and "-", in lower case')
  .refine(
    (name) => !/^(host|x-region|x-origin-route|cloudfront-.*|x-amz-.*|x-amzn-.*|x-edge-.*)$/.test(name),
    'this header is CloudFront’s or the router’s own',
  );
const domainName = z
  .string()
  .regex(
    /^(?=.{1,253}$)[a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?)+$/i,
    'must be a host name, without scheme and path',
  );
/** What the header `x-region` can carry. */
const regionName = z
  .string()
  .regex(
    /^[\x21-\x7e]([\x20-\x7e]{0,62}[\x21-\x7e])?$/,
    'a region is 1 to 64 printable ASCII characters, such as ap-southeast-1 or Frankfurt',
  );
/** A path pattern of the distribution, or `default` for the default behavior. */
const behaviorName = z.string().regex(pathPatternText, 'a behavior is a path pattern of the distribution, or "default"');
const functionArn = z
  .string()
  .regex(/^arn:aws[\w-]*:cloudfront::\d{12}:function\/[\w-]{1,64}$/, 'must be the ARN of a CloudFront Function, without a stage');

const managedDistribution = z.strictObject({
  /** Id of the distribution. */
  id: z.string().regex(/^[A-Z0-9]{1,64}$/, 'a distribution id is capital letters and digits, such as E2QWRUHEXAMPLE'),
  /** Behaviors that run the edge function on viewer requests: path patterns, or `default` for the default behavior. */
  behaviors: z.array(behaviorName).min(1),
  /**
   * Functions that the edge function replaces, by behavior: `before` has their code. The plan then replaces them
   * without `--accept`, and `un-adopt` puts them back. Default: none.
   */
  replaces: z.record(behaviorName, functionArn).default({}),
});

/** What else may change on a distribution of another tool. */
const managedPart = z.enum(['timeouts', 'origin-request-policy']);

const teamFile = z.string().regex(/\.[cm]?[jt]s$/, 'a file of code ends in .ts, .js, .mts, .mjs, .cts or .cjs');

/** Where edge.config.ts gives no name. */
export const defaultNames = { functionName: 'origin-router', keyValueStoreName: 'edge-health' } as const;

/** Who publishes the function's code. */
const publishers = ['function:publish', 'terraform', 'cloudformation', 'cdk'] as const;

export const edgeConfigSchema = z
  .strictObject({
    /** AWS account of function, store and distribution; credentials of another one are refused. Default: any. */
    accountId: z
      .string()
      .regex(/^\d{12}$/, 'an AWS account id has 12 digits')
      .optional(),
    /** Name of the edge function. */
    functionName: resourceName.default(defaultNames.functionName),
    /**
     * Who makes code LIVE: `function:publish`, or the tool that deploys what `emit` writes, with the built code. Then
     * `function:publish` and `function:rollback` are refused: [modes](terraform.md#who-publishes-the-code).
     */
    publishedBy: z.enum(publishers).default('function:publish'),
    /** Name of the KeyValueStore. */
    keyValueStoreName: resourceName.default(defaultNames.keyValueStoreName),
    /**
     * The package's own keys in the store get this and a slash in front, so that two functions can share one store:
     * with `staging` the edge reads `staging/health`. Your own `keys` keep their names. Default: none, the keys are
     * `health`, `state`, `audit/…`, `publish/…`, `remote/…` and `owned/…`.
     */
    keyPrefix: keyPrefix.optional(),
    /**
     * Values for the placeholders of distribution.json, and for `EDGE_DISTRIBUTION_ID` and `EDGE_KVS_ARN`, such as
     * `{ VIEWER_DOMAIN: 'staging.example.com' }`. `EDGE_KVS_ARN` and the variable of a topic take an ARN, since IAM
     * policies name it. A different value in the process's environment is refused. Do not put secrets here: this file
     * is in version control. Variables that choose the project or run the process cannot be set here: `EDGE_ENV`,
     * `PATH`, `NODE_OPTIONS` and the like. Default: none, the process's environment has them.
     */
    variables: z.record(environmentName, z.string().min(1)).superRefine(checkVariables).default({}),
    /** Keys of your own in the KeyValueStore, with their values, written by `npm run kvs:apply`. Default: none. */
    keys: z.record(z.string(), z.string()).superRefine(checkKeys).default({}),
    /**
     * Origins by alias, the name that the health record, all commands and their output use. An alias is 1 to 63 of a-z,
     * 0-9 and "-", and starts with a letter.
     */
    origins: z
      .record(
        z.string(),
        z.strictObject({
          /** Id of the origin in the distribution, up to 128 characters. Default: the alias. */
          originId: originId.optional(),
          /** Host name of the origin for probes. Default: that of distribution.json, else of the live distribution. */
          domainName: domainName.optional(),
          /** Protocol to the origin, when only edge.config.ts has its address. Default https. */
          protocol: z.enum(['https', 'http']).optional(),
          /** The origin's port. Default that of the protocol. */
          port: z.int().min(1).max(65_535).optional(),
          /**
           * Headers that CloudFront adds to its requests, such as the secret that admits them; probes send them.
           * `${NAME}` is filled from the environment. Default: those of the distribution.
           */
          headers: z.record(z.string().regex(/^[\w-]{1,256}$/, 'must be a header name'), z.string().max(1_783)).optional(),
          /** AWS region, or your name for the place: the value of the origin's `x-region` header. */
          region: regionName,
          /**
           * The Host header that CloudFront sends to the origin, by the behavior's policies: the `viewer`'s, or the
           * `origin`'s own name. Probes send the same, and doctor compares it with the policies: [kinds of
           * origins](origins.md). Default: probes send the first alias of the distribution.
           */
          host: z.enum(['viewer', 'origin']).optional(),
          /** Evidence about this origin: [signals](#signals). Default: one `http` signal with its defaults. */
          signals: z.array(signal).min(1).default([defaultHttpSignal]),
        }),
      )
      .superRefine(checkIds)
      .superRefine(checkRegions)
      .superRefine(checkReported)
      .transform((origins) =>
        Object.fromEntries(Object.entries(origins).map(([alias, origin]) => [alias, { ...origin, originId: origin.originId ?? alias }])),
      ),
    /**
     * Distributions of another tool that run the edge function; one function may serve several. `distribution:plan` and
     * `distribution:apply` then change these behaviors and what `manage` names, and nothing else. Default: none,
     * distribution.json describes the whole distribution.
     */
    distributions: z.array(managedDistribution).min(1).max(20).optional(),
    /**
     * What else those commands may change: `timeouts` lowers the origins' timeouts (1 connection attempt, 2 s to
     * connect, 10 s to read) and raises none, `origin-request-policy` sends the viewer's country to the function.
     * Default: nothing.
     */
    manage: z.array(managedPart).default([]),
    /** Origins of countries without a route, the first choice first: [shares](#shares). Required without `services`. */
    defaultOrder: order.optional(),
    /**
     * Countries that get another order. All orders together: at most 10 different ones, `defaultOrder` included. A
     * country has one route. Default: none.
     */
    routes: z.array(route).optional(),
    /**
     * Paths that have their own order of origins; the first service with a matching path gets the request. A path
     * outside all services passes through: the behavior's own origin serves it. Default: all paths are one service,
     * with `defaultOrder` and `routes`.
     */
    services: z.array(service).min(1).max(10).optional(),
    /** An origin group for each GET, HEAD and OPTIONS, so that they succeed in the seconds before a flip. */
    perRequestFailover: z.boolean().default(true),
    /**
     * Header of a client that tries a request again, such as `x-retry-attempt`: with it, a request of any method goes
     * to the next origin of its order that the record leaves in. The value 0 is a first attempt, and so are `attempt=1`
     * of amz-sdk-request and 1 of x-envoy-attempt-count. Default: none.
     */
    retryHeader: retryHeader.optional(),
    /**
     * The router writes its decision into the access log, with `cf.logCustomData`: `service/origin;record;bucket`. The
     * record begins with the number of the flip that wrote it: [timeline](timeline.md). `{}` switches it on. Default:
     * none.
     */
    accessLog: z
      .strictObject({
        /** Percent of the requests whose line has the age of the edge location's copy of the store. Default 0: none. */
        agePercent: z.number().min(0).max(100).default(0),
      })
      .optional(),
    /** A header or cookie by which a tester chooses the origin: [testers](#testers). Default: none. */
    tester: testerSchema.optional(),
    /**
     * A file with a viewer-request function of your own, which runs before the router: `./edge/auth.ts`. It returns the
     * request, or a response, and then nothing is routed: [your own code](own-code.md). Default: none.
     */
    before: teamFile.optional(),
    /** The same after the router, with the request for the origin, for example to rewrite the path. Default: none. */
    after: teamFile.optional(),
    /** How often origins are probed and what counts as unhealthy: [detection](detection.md#how-fast-it-is). */
    health: healthPolicy.prefault({}),
    /** When viewers move, and how they come back: [detection](detection.md). */
    failover: failoverPolicy.prefault({}),
    /** Channels for flips, and for an origin that fails while no viewer can be moved. Default: none. */
    notifications: z.array(notification).default([]),
  })
  // A problem of another part, or a misspelt field, hides none of these.
  .superRefine(checkServices, { when: ({ issues }) => issues.every(leavesTyped('origins', 'defaultOrder', 'routes', 'services')) })
  .superRefine(checkPrefixedKeys, { when: ({ issues }) => issues.every(leavesTyped('keys', 'keyPrefix')) })
  .superRefine(checkArns, { when: ({ issues }) => issues.every(leavesTyped('variables', 'notifications')) })
  .superRefine(checkTester, { when: ({ issues }) => issues.every(leavesTyped('tester', 'retryHeader')) })
  .superRefine(checkDistributions, { when: ({ issues }) => issues.every(leavesTyped('functionName', 'distributions', 'manage')) })
  // With services: those of the first one. What depends on the path asks `routingOf` of services.ts.
  .transform(({ defaultOrder, routes, services, ...rest }) => ({
    ...rest,
    ...expandAll(services ?? [], defaultOrder ?? [], routes ?? []),
  }));

/** Names in place of groups of countries, and slices in place of shares. */
function expandAll(services: readonly WrittenService[], defaultOrder: WrittenOrder, routes: readonly WrittenRoute[]) {
  const expanded = services.map((each) => ({ ...each, ...expandOrder(each.order), routes: expandRoutes(each.routes) }));
  const [first] = expanded;
  const all = first ?? { ...expandOrder(defaultOrder), routes: expandRoutes(routes) };
  return {
    ...(first && { services: expanded }),
    defaultOrder: all.order,
    ...(all.slices && { defaultSlices: all.slices }),
    routes: all.routes,
  };
}

/** What a team writes in edge.config.ts: everything with a default may be left out. */
export type EdgeConfigInput = z.input<typeof edgeConfigSchema>;
/** The configuration with every default filled in. */
export type EdgeConfig = z.output<typeof edgeConfigSchema>;
export type Service = NonNullable<EdgeConfig['services']>[number];
export type ManagedDistribution = z.output<typeof managedDistribution>;
/** The words of `manage`. */
export const managedParts = managedPart.options;
export type ManagedPart = z.output<typeof managedPart>;
export type Signal = EdgeConfig['origins'][string]['signals'][number];
export type HttpSignal = z.output<typeof httpSignal>;
export type Route53Signal = z.output<typeof route53Signal>;
export type AlarmSignal = z.output<typeof alarmSignal>;
export type ReportedSignal = z.output<typeof reportedSignal>;
export type HealthPolicy = EdgeConfig['health'];
export type FailoverPolicy = EdgeConfig['failover'];
export type NotificationTarget = EdgeConfig['notifications'][number];

/** Part of `T`, objects at any depth; undefined takes away what the base says. Lists are whole. */
type Overrides<T> = T extends readonly unknown[] ? T : T extends object ? { [K in keyof T]?: Overrides<T[K]> | undefined } : T;

/**
 * A configuration of several environments. What they share may be incomplete: each environment is the shared part with
 * its own fields over it.
 */
export type EnvironmentsInput = Overrides<EdgeConfigInput> & {
  /**
   * Environments by name, each with the fields in which it differs: objects merge, lists and single values replace,
   * `undefined` removes. Every command then needs `--env` or EDGE_ENV. A name is 1 to 32 of a-z, 0-9 and "-". Default:
   * one configuration without a name.
   */
  environments: Record<string, Overrides<EdgeConfigInput>>;
};

/** Gives edge.config.ts its types; the values are checked when a command loads the file. */
export function defineEdgeConfig<T extends (EdgeConfigInput & { environments?: undefined }) | EnvironmentsInput>(config: T): T {
  return config;
}

/** One thing that is wrong, without the file. */
export interface ConfigProblem {
  path: readonly PropertyKey[];
  /** With what was found. */
  message: string;
}

/** The configuration with defaults, or every problem. */
export function checkEdgeConfig(input: unknown): { config: EdgeConfig } | { problems: ConfigProblem[] } {
  const result = edgeConfigSchema.safeParse(input, { reportInput: true });
  const dropped = findDroppedKeys(input).map((path) => ({ path, message: 'no entry can have this name' }));
  if (result.success && dropped.length === 0) return { config: result.data };
  const issues = result.error?.issues ?? [];
  return { problems: [...issues.map((issue) => ({ path: issue.path, message: describeIssue(issue) })), ...dropped] };
}

/**
 * The configuration with defaults, or a CONFIG_INVALID error that lists every problem with its path and what was found.
 */
export function parseEdgeConfig(input: unknown, file = 'edge.config.ts'): EdgeConfig {
  const result = checkEdgeConfig(input);
  if ('config' in result) return result.config;
  throw configError(result.problems, file);
}

/** CONFIG_INVALID, a line for each problem. */
export function configError(problems: readonly ConfigProblem[], file = 'edge.config.ts'): EdgeError {
  const lines = problems.map(({ path, message }) => `  ${formatPath(path)}: ${message}`.replace(/[\r\n]+/g, ' '));
  return new EdgeError(
    'CONFIG_INVALID',
    [`${file} has ${problems.length} problem${problems.length === 1 ? '' : 's'}:`, ...lines].join('\n'),
    { hint: `fix ${file}; ${pageOf('config.md')} has every field with its limits and default` },
  );
}

function formatPath(path: readonly PropertyKey[]): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return text.replace(/^\./, '') || '(the whole file)';
}

function describeIssue(issue: z.core.$ZodIssue): string {
  // A message of our own says what was found; a key that is not known is in the message.
  const isSaid = issue.code === 'custom' || issue.code === 'unrecognized_keys' || issue.input === undefined;
  const near = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => suggestField(edgeConfigSchema, issue.path, key)).join('') : '';
  return `${issue.message}${near}${isSaid ? '' : `, found ${show(issue.input).slice(0, 80)}`}`;
}

/** The file is TypeScript: a value may be one that JSON has no word for. */
function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : inspect(value, { breakLength: Number.POSITIVE_INFINITY });
}
