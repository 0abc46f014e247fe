import * as cloudfront from '@aws-sdk/client-cloudfront';
import * as keyValueStore from '@aws-sdk/client-cloudfront-keyvaluestore';
import { errorStatus } from './wire/shape.ts';

type ModelledErrors<Model> = {
  [Name in keyof Model]: Name extends `${infer Code}$` ? (Model[Name] extends readonly [-3, ...unknown[]] ? Code : never) : never;
}[keyof Model];

/** Errors of every AWS service that no model lists. docs/decisions/001 marks those without a public source. */
const commonStatus = {
  MalformedXML: 400,
  MalformedInput: 400,
  SerializationException: 400,
  MissingAuthenticationToken: 403,
  IncompleteSignature: 400,
  SignatureDoesNotMatch: 403,
  UnknownOperationException: 404,
  BadRequest: 400,
  RequestTimeout: 408,
  RequestEntityTooLarge: 413,
  RequestHeaderFieldsTooLarge: 431,
  ThrottlingException: 400,
  ServiceUnavailable: 503,
  InternalFailure: 500,
} as const;

export type ServiceErrorCode = ModelledErrors<typeof cloudfront> | ModelledErrors<typeof keyValueStore> | keyof typeof commonStatus;

const statusOf = new Map<string, number>(Object.entries(commonStatus));
for (const schema of [...Object.values(cloudfront), ...Object.values(keyValueStore)]) {
  const error = errorStatus(schema);
  if (error !== undefined) statusOf.set(error.name, error.status);
}

/** An answer of the service other than the operation's result. The HTTP status is the API model's. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code: ServiceErrorCode;
  readonly status: number;

  constructor(code: ServiceErrorCode, message: string) {
    super(message);
    this.code = code;
    this.status = statusOf.get(code) ?? 500;
  }
}
