import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { type ControlPlane, openControlPlane } from '../../../local/aws/control-plane.ts';
import { openReferenceOrigin, type ReferenceOrigin } from '../../../local/origin/reference-origin.ts';
import { listAlarms } from '../../../src/aws/alarms.ts';
import { type Aws, openAws } from '../../../src/aws/clients.ts';
import { readDistributionById, updateDistribution } from '../../../src/aws/distribution.ts';
import { createFunction, describeFunction, publishFunction, updateFunction } from '../../../src/aws/function.ts';
import { readDistribution } from '../../../src/config/distribution-file.ts';
import { type EdgeConfig, parseEdgeConfig } from '../../../src/config/edge-config.ts';
import type { LocalOrigin } from '../../../src/config/local-cloud.ts';
import type { FlagStore } from '../../../src/core/flag-store.ts';
import { applyDistribution } from '../../../src/distribution/distribution.ts';
import { allChecks, type Diagnosis, runDoctor } from '../../../src/doctor/doctor.ts';
import { type DoctorOptions, type DoctorReaders, openDoctorReaders } from '../../../src/doctor/readers.ts';
import { type BuiltFunction, buildFunction } from '../../../src/edge/build.ts';
import { createStore } from '../../../src/store/create-store.ts';
import edgeConfig from '../../fixtures/sample/edge.config.ts';
import { type AwsStub, openAwsStub } from '../aws/open-aws-stub.ts';

/**
 * A local account with everything in order, its origins, and a CloudWatch beside it. A test spoils one thing and asks
 * one check.
 */
export interface TestDoctor {
  control: ControlPlane;
  aws: Aws;
  store: FlagStore;
  storeArn: string;
  distributionId: string;
  /** distribution.json as the doctor reads it; may be changed. */
  file: DistributionConfig;
  origins: Record<'singapore' | 'europe', ReferenceOrigin>;
  /** What CloudWatch lists from now on, region by region. */
  alarms: Record<string, readonly object[]>;
  /** The doctor's options and readers; may be changed. */
  options: DoctorOptions;
  replace: Partial<DoctorReaders>;
  /** Takes the place of an origin from now on. */
  moveOrigin(id: string, to: Pick<LocalOrigin, 'port' | 'protocol'>): void;
  changeLive(change: (config: DistributionConfig) => unknown): Promise<void>;
  write(values: Readonly<Record<string, string>>): Promise<void>;
  publish(code: Uint8Array, keyValueStoreArn?: string, comment?: string): Promise<void>;
  diagnose(check: string): Promise<Diagnosis>;
  diagnoseAll(): Promise<Diagnosis[]>;
  /** Closed with the rest. */
  keep(closer: () => Promise<void> | void): void;
  close(): Promise<void>;
}

export const verifySecret = 'the-secret-of-the-origins';
const sample: EdgeConfig = parseEdgeConfig(edgeConfig);

export const placeholders = {
  AWS_ACCOUNT_ID: '111122223333',
  VIEWER_DOMAIN: 'www.example.test',
  ACM_CERTIFICATE_ARN: 'arn:aws:acm:us-east-1:111122223333:certificate/00000000-0000-4000-8000-000000000000',
  SINGAPORE_DOMAIN: 'alb.example.test',
  EUROPE_DOMAIN: 'alb-europe.example.test',
  ORIGIN_VERIFY_SECRET: verifySecret,
};
const sleep = () => new Promise<void>((resolve) => setImmediate(resolve));
const builds = new Map<EdgeConfig, Promise<BuiltFunction>>();

export async function openTestDoctor(config: EdgeConfig = sample): Promise<TestDoctor> {
  const closers: (() => Promise<void> | void)[] = [];
  const control = await openControlPlane({ provisionMs: 1, deployMs: 1 });
  closers.push(() => control.close());
  const aws = openAws({ env: {}, local: { controlPlane: control.url } });
  const [singapore, europe, stub] = await Promise.all([
    openReferenceOrigin({ region: 'ap-southeast-1', verifySecret }),
    openReferenceOrigin({ region: 'eu-central-1', verifySecret }),
    openAwsStub(),
  ]);
  closers.push(singapore.close, europe.close, stub.close);
  const built = await (builds.get(config) ?? builds.set(config, buildFunction(config)).get(config));
  const { arn: storeArn, store } = await createStore(aws, { name: config.keyValueStoreName, sleep });
  const client = await aws.cloudFront();
  const name = config.functionName;

  const publish = async (code: Uint8Array, keyValueStoreArn = storeArn, comment = '') => {
    const development = await describeFunction(client, name, 'DEVELOPMENT');
    const source = { name, code, comment, keyValueStoreArn };
    const { etag } =
      development === undefined ? await createFunction(client, source) : await updateFunction(client, source, development.etag);
    await publishFunction(client, name, etag);
  };
  await publish(Buffer.from(built?.code ?? ''));
  const file = await readDistribution('test/fixtures/sample/distribution.json', placeholders);
  const distribution = await applyDistribution({ client, file }, { sleep });

  const at = (origin: ReferenceOrigin, domainName: string): LocalOrigin => ({
    domainName,
    host: '127.0.0.1',
    port: origin.port,
    protocol: 'http',
  });
  const localOrigins: Record<string, LocalOrigin> = {
    singapore: at(singapore, placeholders.SINGAPORE_DOMAIN),
    europe: at(europe, placeholders.EUROPE_DOMAIN),
  };
  const doctor: TestDoctor = {
    control,
    aws,
    store,
    storeArn,
    distributionId: distribution.id,
    file,
    origins: { singapore, europe },
    alarms: {},
    options: {
      config,
      aws,
      file: async () => doctor.file,
      distributionId: undefined,
      localOrigins,
      stsEndpoints: undefined,
      now: Date.now,
      signal: new AbortController().signal,
    },
    // All of the account but its alarms is local.
    replace: { region: 'us-west-2', alarms: async (region) => listAlarms(await stub.aws.cloudWatch(region)) },
    moveOrigin: (id, to) => {
      const local = localOrigins[id];
      if (local !== undefined) localOrigins[id] = { ...local, ...to };
    },
    changeLive: async (change) => {
      const live = await readDistributionById(client, distribution.id);
      if (live === undefined) throw new Error('the distribution is gone');
      change(live.config);
      await updateDistribution(client, live.id, live.config, live.etag);
    },
    write: async (values) => {
      await store.update([], () => ({ puts: Object.entries(values).map(([key, value]) => ({ key, value })), deletes: [] }));
    },
    publish,
    diagnose: async (check) => {
      const [diagnosis] = await runDoctor(
        allChecks.filter(({ id }) => id === check),
        openReaders(doctor),
      );
      if (diagnosis === undefined) throw new Error(`there is no check ${check}`);
      return diagnosis;
    },
    diagnoseAll: () => runDoctor(allChecks, openReaders(doctor)),
    keep: (closer) => void closers.push(closer),
    close: async () => {
      for (const closer of closers.splice(0).reverse()) await closer();
    },
  };
  answerAlarms(stub, doctor);
  return doctor;
}

function openReaders({ options, replace }: TestDoctor): DoctorReaders {
  return { ...openDoctorReaders(options), ...replace };
}

function answerAlarms(stub: AwsStub, doctor: TestDoctor): void {
  stub.answer(({ headers }) => {
    const region = /\d{8}\/([^/]+)\/monitoring/.exec(headers.authorization ?? '')?.[1] ?? '';
    return {
      headers: { 'content-type': 'application/x-amz-json-1.0' },
      body: JSON.stringify({ MetricAlarms: doctor.alarms[region] ?? [], CompositeAlarms: [] }),
    };
  });
}

export const certificate = (name: string) => readFileSync(new URL(`../../fixtures/tls/${name}.pem`, import.meta.url));

/** An origin that speaks TLS with one of the certificates for tests, and answers as the function says. */
export async function openTlsOrigin(name: string, answer: RequestListener = () => undefined) {
  const names: string[] = [];
  const server = https.createServer(
    {
      key: certificate(name),
      cert: certificate(name),
      SNICallback: (sni, done) => {
        names.push(sni);
        done(null);
      },
    },
    answer,
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    /** The SNI of each handshake. */
    names,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** An alarm as CloudWatch lists it. */
export function metricAlarm(name: string, more: object = {}): object {
  return {
    AlarmName: name,
    StateValue: 'OK',
    ActionsEnabled: true,
    AlarmActions: ['arn:aws:sns:us-east-1:111122223333:alarms'],
    Namespace: 'AWS/CloudFront',
    MetricName: name,
    Dimensions: [
      { Name: 'FunctionName', Value: sample.functionName },
      { Name: 'Region', Value: 'Global' },
    ],
    ...more,
  };
}

/** The alarms that a well-kept account has. */
export function goodAlarms(): Record<string, readonly object[]> {
  return {
    'us-east-1': [metricAlarm('FunctionExecutionErrors'), metricAlarm('FunctionValidationErrors'), metricAlarm('FunctionThrottles')],
    'us-west-2': [
      metricAlarm('flipper is silent', {
        Namespace: 'EdgeFailover',
        MetricName: 'SuccessfulRuns',
        Dimensions: [{ Name: 'Flipper', Value: 'edge-flipper' }],
        TreatMissingData: 'breaching',
      }),
    ],
  };
}
